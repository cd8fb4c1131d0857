import * as z from 'zod'

const jobVersion = 1

/** What is sent, and what it opens. */
const content = {
  templateId: z.string().min(1),
  /** Keyword of the template -> text. */
  data: z.record(z.string(), z.string()),
  url: z.string().optional(),
  miniprogram: z.object({ appid: z.string(), pagepath: z.string().optional() }).optional(),
}

const nextEntrySchema = z.object({
  appid: z.string().min(1),
  /** What people call the account; default: its AppID. */
  name: z.string().min(1).optional(),
  ...content,
})
/** An account that a push goes to if its user does not follow those before it, with all that is sent there. */
export type NextEntry = z.infer<typeof nextEntrySchema>

/**
 * What waits in the queue for one push: plain JSON in the data of a BullMQ job of any name, so that a BullMQ client in
 * any language can enqueue it (queue `{push-<appid>}`, prefix `unionpush`). Such a client should also give the job
 * `deduplication: {id: <push id>, ttl}`; without it a repeated id is noticed only when the worker finds its record.
 */
export const pushJobSchema = z
  .object({
    /** Version of this format. */
    v: z.literal(jobVersion),
    /** Push id: the same id is one push, for ever while its record lives. */
    id: z.string().min(1).max(256),
    /** The recipient: by unionid, by openid of the service account, or by a session of the mini-program. */
    unionid: z.string().min(1).optional(),
    openid: z.string().min(1).optional(),
    /** SHA-256 of the session's token in base64url, without padding. */
    session: z.string().min(1).optional(),
    ...content,
    /** The accounts after this one, for a push that names several in order of preference. */
    next: z.array(nextEntrySchema).optional(),
    /** Epoch milliseconds before which it was not to be sent, and its place in the queue: told, and heeded no more. */
    sendAt: z.int().optional(),
    priority: z.int().optional(),
    /** Epoch milliseconds after which the push is not sent any more. */
    expiresAt: z.int().optional(),
    /** Wait for the user to follow, until `expiresAt`, which has to be there then. */
    hold: z.boolean().optional(),
    /** Sent in quiet hours too. */
    urgent: z.boolean().optional(),
    /** 0, and one more for each time the push was sent again on purpose. */
    generation: z.int().min(0).optional(),
    /**
     * Epoch milliseconds at which the push was asked for, with a fraction if the order within one counts; default: when
     * the job was added.
     */
    createdAt: z.number().min(0).optional(),
  })
  .refine(({ hold, expiresAt }) => !hold || expiresAt !== undefined, {
    path: ['expiresAt'],
    message: 'a push that is held has to expire',
  })

export type PushJob = z.infer<typeof pushJobSchema>

export const jobName = 'push'

/** A job that stands for a broadcast: whoever takes it sends to some of those who wait for it in the database. */
export const broadcastJobName = 'broadcast'
/** Behind all pushes: the last priority that BullMQ knows. */
const broadcastPriority = 2_097_151
/** A version that workers who know no broadcasts leave to newer ones. */
const broadcastJobVersion = 2
export const broadcastJobSchema = z.object({ v: z.literal(broadcastJobVersion), broadcast: z.string() })

/** So many of them may be in the queue at once, told apart by `place`. */
export function toBroadcastJob(broadcast: string, place: number) {
  return {
    name: broadcastJobName,
    data: { v: broadcastJobVersion, broadcast },
    opts: { jobId: toJobId(broadcast, `place${place}`), priority: broadcastPriority },
  }
}

/** Whether a program newer than this one made the job, so that only such a one can tell what it asks for. */
export function isOfNewerVersion(data: unknown): boolean {
  const { v }: Record<string, unknown> = Object(data)
  return typeof v === 'number' && Number.isInteger(v) && v > jobVersion
}

/** BullMQ takes no `:` in a job id and no id that is a whole number. */
export function toJobId(pushId: string, suffix: string): string {
  return `${pushId.replaceAll('%', '%25').replaceAll(':', '%3A')}.${suffix}`
}

/** Whether a job with an id made by `toJobId` is one of this push. */
export function isJobIdOf(jobId: string, pushId: string): boolean {
  const start = toJobId(pushId, '')
  return jobId.startsWith(start) && !jobId.includes('.', start.length)
}
