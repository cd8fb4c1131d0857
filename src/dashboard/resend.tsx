import { computed, signal } from '@preact/signals'
import { AskError, ask } from './api.ts'
import { Act, Notice } from './parts.tsx'
import { t } from './text/text.ts'

/** It goes on while one looks at another view, and ends with the page. */
const progress = signal<{ done: number; of: number; isStopped: boolean }>()
const told = signal('')
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
  told.value = ''
  progress.value = { done, of, isStopped: false }
  try {
    for await (const retried of parts) {
      done += retried
      const isStopped: boolean = progress.peek()?.isStopped ?? false
      progress.value = { done, of: Math.max(of, done), isStopped }
      if (isStopped) break
    }
  } finally {
    told.value = t(done < of ? 'failed.retried_of' : 'failed.retried', { n: done, of })
    progress.value = undefined
  }
}

export async function* retryEach(ids: readonly string[]): AsyncGenerator<number> {
  for (const id of ids) yield (await askInTime(`/pushes/${encodeURIComponent(id)}/retry`, {})).retried
}

/** From the newest on, once: what fails again meanwhile lies behind, and is not sent twice. */
export async function* retryInParts(body: object, isWhole: boolean): AsyncGenerator<number> {
  let cursor: string | null = null
  do {
    const part: RetryAnswer = await askInTime('/pushes/retry', isWhole ? body : { ...body, cursor })
    yield part.retried
    cursor = part.next ?? null
  } while (cursor !== null)
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
