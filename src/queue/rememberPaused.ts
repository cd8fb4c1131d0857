import { second } from '../base/duration.ts'
import type { PushQueue } from './backend.ts'

/** How long somebody else's change may go unnoticed. */
const memory = 10 * second

/** A queue that need not be asked every time whether it is paused. */
export function rememberPaused(
  queue: Pick<PushQueue, 'isPaused' | 'pause' | 'resume'>,
): Pick<PushQueue, 'isPaused' | 'pause' | 'resume'> {
  let known: { isPaused: boolean; at: number } | undefined
  const remember = (isPaused: boolean) => {
    known = { isPaused, at: Date.now() }
    return isPaused
  }
  return {
    async isPaused() {
      if (known && Math.abs(Date.now() - known.at) < memory) return known.isPaused
      return remember(await queue.isPaused())
    },
    async pause() {
      known = undefined
      await queue.pause()
      remember(true)
    },
    async resume() {
      known = undefined
      await queue.resume()
      remember(false)
    },
  }
}
