import { second } from '../base/duration.ts'
import { formatCount, formatDuration } from './format.ts'
import { cut } from './table.ts'
import { phrase } from './text/phrase.ts'

export interface Progress {
  /** `total` undefined = not known. */
  update(done: number, total: number | undefined): void
  /** Leaves the last state on the screen; may be called again. */
  end(): void
}

interface ProgressOptions {
  label: string
  /** Gets a bar that moves when it is a terminal, a plain line now and then elsewhere. */
  stream: { isTTY?: boolean; columns?: number; write(text: string): unknown }
  now?: () => number
}

const barInterval = 100
const lineInterval = 5 * second
const barWidth = 24
/** Long enough to be steady, short enough to follow a server that slows down. */
const rateWindow = 10 * second

/** Shows on `stream` how far a long job is, with its rate and the time to go. */
export function createProgressBar({
  label,
  stream,
  now = () => performance.now(),
}: ProgressOptions): Progress {
  const isBar = stream.isTTY === true
  const samples: Sample[] = []
  let total: number | undefined
  let shownAt = now()
  let isShown = true

  function show(): void {
    shownAt = now()
    isShown = true
    const parts = toParts(samples, total)
    const text = parts.join('  ')
    if (!isBar) {
      stream.write(`${label}  ${text}\n`)
      return
    }
    // What fits, the figures before the bar: a line that wraps cannot be drawn over.
    const most = (stream.columns ?? 80) - 1
    const tries = [
      `${toBar(samples, total)}${text}`,
      ...parts.map((_, i) => parts.slice(0, -i || undefined).join('  ')),
    ]
    const lines = tries.map((one) => `${label}  ${one}`)
    const fitting = lines.find((line) => cut(line, most) === line)
    stream.write(`\r\u001b[K${fitting ?? cut(lines.at(-1) ?? label, most)}`)
  }

  return {
    update(done, newTotal) {
      total = newTotal
      record(samples, { at: now(), done })
      isShown = false
      if (now() - shownAt >= (isBar ? barInterval : lineInterval)) show()
    },
    end() {
      if (!isShown) show()
      if (isBar && samples.length > 0) stream.write('\n')
      samples.length = 0
    },
  }
}

function record(samples: Sample[], sample: Sample): void {
  const last = samples.at(-1)
  if (samples.length > 1 && last !== undefined && sample.at - last.at < barInterval) samples.pop()
  samples.push(sample)
  while (samples.length > 2 && (samples[0]?.at ?? 0) < sample.at - rateWindow) samples.shift()
}

interface Sample {
  at: number
  done: number
}

function toShare(done: number, total: number): number {
  return total === 0 ? 1 : Math.min(1, done / total)
}

function toBar(samples: Sample[], total: number | undefined): string {
  if (total === undefined) return ''
  const filled = Math.floor(toShare(samples.at(-1)?.done ?? 0, total) * barWidth)
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] `
}

function toParts(samples: Sample[], total: number | undefined): string[] {
  const first = samples[0]
  const last = samples.at(-1)
  const done = last?.done ?? 0
  const elapsed = (last?.at ?? 0) - (first?.at ?? 0)
  const rate = elapsed > 0 ? ((done - (first?.done ?? 0)) / elapsed) * second : 0
  const parts = [total === undefined ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`]
  if (rate > 0) parts.push(`${formatCount(Math.round(rate))}/s`)
  if (total !== undefined) {
    parts.unshift(`${String(Math.floor(toShare(done, total) * 100)).padStart(3)}%`)
    if (rate > 0 && done < total) {
      const duration = formatDuration(((total - done) / rate) * second)
      parts.push(phrase('progress.eta', { duration }))
    }
  }
  return parts
}
