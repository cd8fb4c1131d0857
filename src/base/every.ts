/**
 * Does `work` every `interval` milliseconds until the returned function is called, and skips a turn while the one before
 * is under way. What fails is told and done again at the next turn; after the end nothing is told any more. Without
 * `onError` a failure is an uncaught exception.
 */
export function every(
  interval: number,
  work: () => Promise<void> | void,
  onError: (error: unknown) => void = rethrow,
): () => void {
  let isUnderWay = false
  let isStopped = false
  const timer = setInterval(async () => {
    if (isUnderWay) return
    isUnderWay = true
    try {
      await work()
    } catch (error) {
      if (!isStopped) onError(error)
    } finally {
      isUnderWay = false
    }
  }, interval)
  return () => {
    isStopped = true
    clearInterval(timer)
  }
}

function rethrow(error: unknown): never {
  throw error
}
