import { minute, second } from '../../../base/duration.ts'

/** The clock of the server in SQL. */
export const serverTime = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** Clocks that agree to within as much are one clock. */
const tolerance = second

/**
 * How far the clock of the server is ahead of ours. Programs on several machines agree by it: times that one writes and
 * another compares with its own are stored as the server would have told them.
 */
export interface ClockOffset {
  /** Our time as the server's. */
  toServer<Time extends number | null>(time: Time): Time
  /** The server's time as ours. */
  fromServer<Time extends number | null>(time: Time): Time
  /** What the server's clock showed between two times of `performance.now()`. */
  observe(serverTime: number, asked: number, answered: number): void
  /** The last look is so long ago that there should be another one. */
  isStale(): boolean
}

export function createClockOffset(now: () => number): ClockOffset {
  // Against the clock that nobody sets: when ours is set, this stays right.
  let offset: number | undefined
  let observedAt = Number.NEGATIVE_INFINITY

  function ahead(): number {
    if (offset === undefined) return 0
    const shift = Math.round(offset + performance.now() - now())
    return Math.abs(shift) < tolerance ? 0 : shift
  }

  return {
    toServer: (time) => shifted(time, ahead()),
    fromServer: (time) => shifted(time, -ahead()),
    observe(serverTime, asked, answered) {
      offset = serverTime - (asked + answered) / 2
      observedAt = answered
    },
    isStale: () => performance.now() - observedAt > minute,
  }
}

function shifted<Time extends number | null>(time: Time, shift: number): Time
function shifted(time: number | null, shift: number): number | null {
  return time === null ? null : time + shift
}
