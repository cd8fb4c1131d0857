import type { PushMessage } from '../../src/push/message.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import type { Chance } from './chance.ts'

/** What the caller wants of the program. */
export interface RequestedPush {
  id: string
  message: PushMessage & { id: string }
  /** Whom it is for; undefined when WeChat knows nobody of that unionid. */
  openid: string | undefined
  /** Milliseconds after the start of the run at which the caller asks. */
  at: number
  /** Asked for once more right away. */
  isRepeated: boolean
  /** Asked for together with others. */
  isOneOfMany: boolean
}

/** People the account has. */
export const crowd = 60
/** One ask in so many is for somebody nobody knows. */
const strangers = 0.05

/** Pushes of every kind in the order they are asked for, spread over `duration` milliseconds. */
export function createAsks(
  simulator: Simulator,
  count: number,
  duration: number,
  chance: Chance,
): RequestedPush[] {
  const templateId = simulator.templates.find(({ content }) => content.includes('thing1.DATA'))?.templateId
  if (templateId === undefined) throw new Error('expected a template with thing1')
  const asks = Array.from({ length: count }, (_, n): RequestedPush => {
    const id = `p${n}`
    const { openid, unionid = '' } = simulator.userAt(chance.count(0, crowd - 1))
    const isStranger = chance.happens(strangers)
    const byOpenid = chance.happens(0.2)
    const recipient = byOpenid ? { openid } : { unionid: isStranger ? `nobody${n}` : unionid }
    const delay = chance.happens(0.15) ? { sendAt: Date.now() + chance.count(0, duration * 1.2) } : {}
    const jump = chance.happens(0.1) ? { miniprogram: { appid: simulator.miniprogram.appid } } : {}
    const priority = chance.happens(0.1) ? { priority: chance.count(1, 10) } : {}
    return {
      id,
      message: {
        id,
        templateId,
        ...recipient,
        ...delay,
        ...priority,
        ...jump,
        data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
        url: toUrl(id),
      },
      openid: isStranger && !byOpenid ? undefined : openid,
      at: chance.between(0, duration),
      isRepeated: chance.happens(0.1),
      isOneOfMany: chance.happens(0.4),
    }
  })
  return asks.sort((a, b) => a.at - b.at)
}

/** The link in the message carries the push id past everything the program does with it. */
function toUrl(id: string): string {
  return `https://example.com/?push=${id}`
}

/** The push id in a message, or in the body of the call that sends it. */
export function toPushId(text: string): string {
  return /example\.com\/\?push=(\w+)/.exec(text)?.[1] ?? 'unreadable'
}
