export interface Backoff {
  /** Milliseconds after the first failure. */
  first: number
  /** By how much each wait is longer than the one before; default 2. */
  factor?: number
  longest: number
  /** The share that is left to chance, so that what failed together parts; default 0. */
  jitter?: number
}

/** How long to wait after the n-th failure in a row. `random` is from 0 to 1. */
export function toBackoff(
  { first, factor = 2, longest, jitter = 0 }: Backoff,
  failures: number,
  random = Math.random(),
): number {
  return Math.min(longest, first * factor ** (Math.max(1, failures) - 1)) * (1 - jitter * random)
}
