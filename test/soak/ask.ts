import { setTimeout as sleep } from 'node:timers/promises'
import { createPusher } from '../../src/library/createPusher.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { followerCount, type Setup } from './setup.ts'

const interval = 100

/** Asks for `rate` pushes a second until the signal, whatever becomes of them; `book.asked` counts those that are queued. */
export async function ask(
  setup: Setup,
  rate: number,
  book: { asked: number },
  signal: AbortSignal,
): Promise<void> {
  const { simulator, appid, redisUrl } = setup
  const templateId =
    simulator.templates.find(({ content }) => content.includes('thing1.DATA'))?.templateId ?? ''
  const pusher = createPusher({ appid, redisUrl })
  const startedAt = performance.now()
  const toMessage = (n: number) => ({
    id: `s${n}`,
    unionid: simulator.userAt(n % followerCount).unionid ?? '',
    templateId,
    data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
  })

  async function insist(messages: ReturnType<typeof toMessage>[]): Promise<void> {
    for (;;) {
      try {
        await pusher.pushMany(messages)
        return
      } catch (error) {
        if (!(error instanceof QueueUnavailableError)) throw error
        await sleep(interval)
      }
    }
  }

  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate)
    const messages = Array.from({ length: Math.min(due - book.asked, rate) }, (_, n) =>
      toMessage(book.asked + n),
    )
    if (messages.length > 0) await insist(messages)
    book.asked += messages.length
    await sleep(interval)
  }
  await pusher.close()
}
