import { computed, signal } from '@preact/signals'
import { AskError, ask, type ShownPush, toPath } from './api.ts'
import { Act, Notice } from './parts.tsx'
import { t } from './text/text.ts'

/** It goes on while one looks at another view, and ends with the page. */
const progress = signal<{ done: number; of: number; isStopped: boolean }>()
const told = signal('')
/** What one request sends again at most. */
const partSize = 500
export const isResending = computed(() => progress.value !== undefined)

export function Resending() {
  const now = progress.value
  if (!now) return told.value === '' ? null : <Notice tone="ok">{told.value}</Notice>
  const text = t('failed.progress', { done: now.done, of: now.of })
  return (
    <p class="row" role="status">
      <progress aria-label={text} value={now.done} max={now.of} /> {text}
      <Act
        label={t('stop')}
        run={() => {
          progress.value = { ...now, isStopped: true }
        }}
      />
    </p>
  )
}

export async function runResend(of: number, parts: AsyncIterable<number>): Promise<void> {
  let done = 0
  let isEnded = false
  told.value = ''
  progress.value = { done, of, isStopped: false }
  try {
    for await (const retried of parts) {
      done += retried
      const isStopped: boolean = progress.peek()?.isStopped ?? false
      progress.value = { done, of: Math.max(of, done), isStopped }
      if (isStopped) return
    }
    isEnded = true
  } finally {
    const less = isEnded ? 'failed.retried_less' : 'failed.retried_of'
    told.value = t(done < of ? less : 'failed.retried', { n: done, of })
    progress.value = undefined
  }
}

export async function* retryEach(pushes: readonly ShownPush[]): AsyncGenerator<number> {
  for (const push of pushes) yield (await askInTime(toPath(push, '/retry'), {})).retried
}

/**
 * From the newest on, once: what fails again meanwhile lies behind, and is not sent twice. As many as the button said, however
 * many have failed since; undefined = a broadcast, which sends by itself to all that it means.
 */
export async function* retryFiltered(body: object, most: number | undefined): AsyncGenerator<number> {
  if (most === undefined) {
    yield (await askInTime('/pushes/retry', body)).retried
    return
  }
  let cursor: string | null = null
  let left = most
  do {
    const limit = Math.min(left, partSize)
    const part: RetryAnswer = await askInTime('/pushes/retry', { ...body, cursor, limit })
    yield part.retried
    cursor = part.next ?? null
    left -= limit
  } while (cursor !== null && left > 0)
}

export interface RetryAnswer {
  retried: number
  next?: string | null
}

/** Whoever asks too often is told so before anything is done, and may come again. */
async function askInTime(path: string, body: object): Promise<RetryAnswer> {
  for (;;) {
    try {
      return await ask<RetryAnswer>(path, body)
    } catch (error) {
      if (!(error instanceof AskError) || error.status !== 429) throw error
      await new Promise((resolve) => setTimeout(resolve, 5_000))
    }
  }
}
