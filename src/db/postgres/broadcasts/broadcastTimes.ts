import type { ClockOffset } from '../engine/clockOffset.ts'

/** What processes write and other ones compare; what people ask for stays as they say it. */
const moved = [
  'canaryAt',
  'nextAt',
  'startedAt',
  'finishedAt',
  'sentAt',
  'since',
  'dueAt',
  'unknownSince',
] as const
type Times = { [K in (typeof moved)[number]]?: number | null | undefined }

/** Times of broadcasts and their recipients as the clock of the server tells them, and back. */
export function createBroadcastTimes({ toServer, fromServer }: Pick<ClockOffset, 'toServer' | 'fromServer'>) {
  return {
    toStored: <Row extends Times>(row: Row): Row => move(row, toServer),
    fromStored: <Row extends Times>(row: Row): Row => move(row, fromServer),
  }
}

function move<Row extends Times>(row: Row, shift: ClockOffset['toServer']): Row {
  const times: Times = {}
  for (const key of moved) {
    const time = row[key]
    if (time !== undefined) times[key] = shift(time)
  }
  return { ...row, ...times }
}
