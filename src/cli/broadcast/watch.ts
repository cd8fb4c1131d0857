import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { type Broadcast, type BroadcastDeps, findBroadcast } from '../../operations/broadcasts/broadcasts.ts'
import { NegativeAnswer } from '../failure.ts'
import type { Output } from '../output.ts'
import { phrase } from '../text/phrase.ts'
import type { Reader } from './ends.ts'
import { toBroadcastText } from './text.ts'

/** Shows a broadcast until it is over: a bar for people, a line of JSON whenever something changed. Exit code 1 if it was cancelled. */
export async function watchBroadcast(
  account: BroadcastDeps,
  id: string,
  reader: Reader,
  out: Output,
): Promise<number> {
  const progress = out.json ? undefined : out.createProgress(phrase('broadcast.sentTo'))
  const toText = (one: Broadcast) => toBroadcastText(one, reader)
  let last = ''
  try {
    for (;;) {
      const broadcast = await findBroadcast(account, id)
      if (!broadcast) throw new NegativeAnswer('unknown_broadcast', say('broadcast.unknown', { id }))
      const { counts } = broadcast
      progress?.update(counts.selected - counts.waiting, counts.selected)
      const text = JSON.stringify(broadcast)
      if (out.json && text !== last) await out.print(broadcast, toText)
      last = text
      if (isOver(broadcast)) {
        progress?.end()
        if (!out.json) await out.print(broadcast, toText)
        return broadcast.status === 'cancelled' ? 1 : 0
      }
      await sleep(second / 2)
    }
  } finally {
    progress?.end()
  }
}

function isOver({ status }: Broadcast): boolean {
  return status === 'finished' || status === 'cancelled'
}
