import { randomUUID } from 'node:crypto'
import type { JobsOptions } from 'bullmq'
import { day } from '../base/duration.ts'
import { toTokenHash } from '../base/sessionToken.ts'
import { jobName, type NextEntry, type PushJob, toJobId } from '../queue/job.ts'
import type { Destination } from './destinations.ts'
import type { ValidMessage } from './message.ts'

export interface QueuedJob {
  name: string
  data: PushJob
  opts: JobsOptions & { jobId: string }
}

/** Tells the jobs of this process from those of others with the same push id. */
const nonce = randomUUID().slice(0, 8)
let serial = 0

/** Written out, because spreads would cost a third of all that a push costs here. `now` is the queue's clock. */
export function toJob(
  message: ValidMessage,
  next: readonly Destination[],
  id: string,
  now: number,
): QueuedJob {
  const { sendAt, priority } = message
  const data = toPushJob(message, next, id, now)
  const opts: QueuedJob['opts'] = { jobId: id }
  const delay = Math.max(0, (sendAt ?? 0) - now)
  if (sendAt !== undefined && delay > 0) {
    // The worker that hands it out judges its time, so it does not matter what time it is here.
    opts.timestamp = sendAt - 1
    opts.delay = 1
  }
  if (priority !== undefined) opts.priority = priority
  if (message.id !== undefined) {
    serial += 1
    opts.jobId = toJobId(id, `${nonce}${serial.toString(36)}`)
    opts.deduplication = { id, ttl: delay + day }
  }
  return { name: jobName, data, opts }
}

export function toPushJob(
  message: ValidMessage,
  next: readonly Destination[],
  id: string,
  now: number,
): PushJob {
  const { unionid, openid, session, templateId, data, url, miniprogram, sendAt, expiresAt } = message
  const { priority, hold, urgent } = message
  const job: PushJob = { v: 1, id, createdAt: hold ? toInstant(now) : now, templateId, data }
  if (unionid !== undefined) job.unionid = unionid
  if (openid !== undefined) job.openid = openid
  if (session !== undefined) job.session = toTokenHash(session)
  if (url !== undefined) job.url = url
  if (miniprogram !== undefined) job.miniprogram = miniprogram
  if (sendAt !== undefined) job.sendAt = sendAt
  if (priority !== undefined) job.priority = priority
  if (expiresAt !== undefined) job.expiresAt = expiresAt
  if (hold) job.hold = true
  if (urgent) job.urgent = true
  if (next.length > 0) job.next = next.map(toNextEntry)
  return job
}

function toNextEntry({ account: { name, appid }, message }: Destination): NextEntry {
  const { templateId, data, url, miniprogram } = message
  return {
    appid,
    ...(name !== appid && { name }),
    templateId,
    data,
    ...(url !== undefined && { url }),
    ...(miniprogram !== undefined && { miniprogram }),
  }
}

let lastInstant = 0

/** Distinct within this process: held pushes go out in the order in which they were asked for. */
function toInstant(now: number): number {
  lastInstant = now > lastInstant ? now : lastInstant + 1 / 1024
  return lastInstant
}

let idTime = 0
let idStart = ''

/** A UUID (version 7) that begins with the time, so that pushes of one moment lie side by side in the database. */
export function toTimeOrderedId(now: number): string {
  if (now !== idTime) {
    const time = now.toString(16).padStart(12, '0')
    idStart = `${time.slice(0, 8)}-${time.slice(8)}-7`
    idTime = now
  }
  return idStart + randomUUID().slice(15)
}
