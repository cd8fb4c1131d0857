import type { PushRow } from '../../pushes.ts'
import type { ClockOffset } from '../engine/clockOffset.ts'

/**
 * Times of a push that a worker writes and another one compares with its own are kept by the clock of the server; what
 * producers say stays as they say it.
 */
export function createPushTimes({ toServer, fromServer }: Pick<ClockOffset, 'toServer' | 'fromServer'>) {
  return {
    toStored: (row: PushRow): PushRow => moved(row, toServer),
    fromStored: <Row extends PushRow>(row: Row): Row => moved(row, fromServer),
  }
}

function moved<Row extends PushRow>(row: Row, move: ClockOffset['toServer']): Row {
  const { unknownSince, heldAt, sentAt, finishedAt } = row
  return {
    ...row,
    unknownSince: move(unknownSince),
    heldAt: move(heldAt),
    sentAt: move(sentAt),
    finishedAt: move(finishedAt),
  }
}
