/**
 * The queue answers, but this worker has the job no longer: it has just given it back, or stood still for so long that
 * another one has taken it, which finds in the row of the push how far it is.
 */
export function isLostLock({ message }: Error): boolean {
  return /^could not renew lock for job |^(Missing (lock|key)|Lock mismatch) for job |is not in the active state/.test(
    message,
  )
}
