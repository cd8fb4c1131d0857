import * as z from 'zod'
import type { Log } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { SyncOptions, SyncResult } from '../sync/syncFollowers.ts'
import { count, nullableText } from './values.ts'

export const syncInputSchema = z.strictObject({
  /** Fetch every follower again. */
  full: z.boolean().optional(),
  /** Believe a list that leaves out most followers. */
  force: z.boolean().optional(),
})
export type SyncInput = z.infer<typeof syncInputSchema>

/** What a run has done so far, parts before it was resumed included. */
export const syncCounts = {
  /** By WeChat's own count. */
  total: count,
  pages: count,
  seen: count,
  fetched: count,
  added: count,
  updated: count,
  unsubscribed: count,
  withoutUnionid: count,
}

export const syncOutputSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  runId: z.int().nullable(),
  status: z.enum(['complete', 'interrupted', 'stopped', 'busy']),
  resumed: z.boolean(),
  ...syncCounts,
  oddRows: count,
  durationMs: count,
  /** Why it is not complete. */
  error: z
    .strictObject({
      code: z.string(),
      message: z.string(),
      hint: nullableText,
      /** What WeChat refused with, if that is why. */
      errcode: z.int().optional(),
      rid: nullableText.optional(),
    })
    .optional(),
})
export type SyncOutput = z.infer<typeof syncOutputSchema>

interface SyncDeps {
  name: string
  appid: string
  sync(options: SyncInput & SyncWatch): Promise<SyncResult>
}

export type SyncWatch = Pick<SyncOptions, 'signal' | 'onBegin' | 'onProgress' | 'onWait'>

/** One follower sync, or the rest of an interrupted one. Rejects with DatabaseError only. */
export async function syncOnce(
  { name, appid, sync }: SyncDeps,
  input: SyncInput,
  watch: SyncWatch,
): Promise<SyncOutput> {
  const { error, refusal, ...done } = await sync({ ...input, ...watch })
  const counts = { account: name, appid, ...done }
  if (error === null) return counts
  return { ...counts, error: { code: `sync_${counts.status}`, message: error, hint: null, ...refusal } }
}

interface BegunDeps extends SyncDeps {
  log: Log
}

/**
 * Begins one and does not wait for its end, which it logs. Another sync of the account is told as `busy`. Rejects with a
 * DatabaseError.
 */
export function beginSync(
  { sync, log }: BegunDeps,
  input: SyncInput,
  signal: AbortSignal,
): Promise<{ runId: number } | { busy: string }> {
  return new Promise((resolve, reject) => {
    const ended = sync({ ...input, signal, onBegin: (runId) => resolve({ runId }) })
    ended.then(
      ({ error }) => resolve({ busy: error ?? toStored(say('sync.over')) }),
      (error: unknown) => {
        log.error({ err: error }, 'follower sync failed')
        reject(error)
      },
    )
  })
}
