import { second } from '../base/duration.ts'

/** What is left of the rate that WeChat accepted: a little less than what it refuses when it is known, less when not. */
const justBelow = 0.97
const wellBelow = 0.9
/** Below this share of accepted calls the limit has fallen so far that the share says too little about it. */
const tellingShare = 0.5
/** Below this one the limit may be that much higher than it says. */
const exactShare = 0.9
const doubt = 1.1
/** Of a minute's calls, what may be refused without a limit behind it. */
const strayShare = 0.003
/** As few refusals give no share worth the name. */
const few = 2
/** What one slowdown leaves at least, and the first one: a single refusal says little. */
const deepestCut = 0.3
const leastRate = 0.5
const leastFirstRate = 10

/** Growth per second, and by how much it grows itself, while the limit is searched and when it is tried again. */
const search = { first: 0.05, factor: 1.3 }
const probe = { first: 0.003, factor: 1.2 }
const wayBack = 0.02
const fastestGrowth = 0.5
/** Seconds for which a limit that was found is left alone: longer than any window WeChat counts in. */
const patience = 65

/** Windows are short, so that the sends do not come in bursts, but long enough for a worker to wake up in between. */
const windowsPerSecond = 10

/** How WeChat says that it may be too much: for sure, or as it also says when it is busy with others. */
export type PaceSignal = 'too_fast' | 'busy'

/** Sends per second. */
export interface Pace {
  limit: number
  /** What was too fast, or is likely to be; undefined while that is searched. */
  refused: number | undefined
}

/** Calls of one process, those accepted and all. */
export interface Calls {
  inSecond: { accepted: number; all: number }
  inMinute: { accepted: number; all: number }
}

/** WeChat says -1 to everybody now and then; a limit refuses more than that. */
export function isStray({ inSecond, inMinute }: Calls): boolean {
  const refusedInMinute = inMinute.all - inMinute.accepted
  if (inSecond.all - inSecond.accepted > few) return false
  return refusedInMinute <= few || refusedInMinute < inMinute.all * strayShare
}

/**
 * The pace after a refusal. The share that was accepted tells WeChat's limit, to every process alike, and the new pace is
 * just below it; when next to nothing was accepted, the limit is searched again from far below. A whole second without one
 * accepted call means a window of minutes is used up, and its average is what counts.
 */
export function slowDown(pace: Pace | undefined, { inSecond, inMinute }: Calls, signal: PaceSignal): Pace {
  const average = inMinute.accepted / 60
  if (!pace) {
    const known = inSecond.accepted > 0 ? inSecond.accepted : average
    return { limit: Math.max(leastFirstRate, known * wellBelow), refused: undefined }
  }
  // When WeChat is busy for everybody, nothing would tell a worker that creeps that it is over.
  const least = signal === 'busy' ? Math.min(pace.limit, leastFirstRate) : leastRate
  // A worker that has just begun, or had little to send, has no average to go by.
  if (signal === 'too_fast' && inSecond.accepted === 0 && average >= leastFirstRate) {
    return { limit: Math.min(pace.limit, average * justBelow), refused: average }
  }
  const share = inSecond.accepted / Math.max(1, inSecond.all)
  const isFew = inSecond.all - inSecond.accepted <= few
  if (isFew || share >= tellingShare) {
    const accepted = isFew ? pace.limit : pace.limit * share
    const refused = isFew || share >= exactShare ? accepted : accepted * doubt
    return { limit: Math.max(least, accepted * justBelow), refused }
  }
  const limit = pace.limit * Math.max(deepestCut, share * wellBelow)
  return { limit: Math.max(least, limit), refused: undefined }
}

/** The limit after `calm` seconds without a refusal in which more was to be sent. */
export function speedUp({ limit, refused }: Pace, calm: number): number {
  if (refused !== undefined && limit < refused * justBelow) {
    return Math.min(refused * justBelow, limit * (1 + wayBack))
  }
  if (refused !== undefined && calm <= patience) return limit
  const { first, factor } = refused === undefined ? search : probe
  const seconds = refused === undefined ? calm : calm - patience
  return limit * (1 + Math.min(fastestGrowth, first * factor ** seconds))
}

/** BullMQ's limiter counts jobs per window. */
export function toWindow(limit: number): { max: number; duration: number } {
  const max = Math.ceil(limit / windowsPerSecond)
  return { max, duration: Math.round((max / limit) * second) }
}
