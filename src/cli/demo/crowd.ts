import type { PushReason } from '../../push/status.ts'
import type { Simulator } from '../../simulator/controls.ts'

/** When the people of a group leave the account; the demo syncs twice, then pushes. */
type Departure = 'before first sync' | 'before second sync' | 'after both syncs'

interface GroupPlan {
  name: string
  size: number
  leave?: Departure
  /** Users of the mini-program who never followed the account. */
  isStranger?: true
  /** Gets a value that only WeChat knows to be wrong: one that is not in the list of a `const` keyword. */
  hasBadField?: true
  status: 'sent' | 'skipped' | 'rejected'
  reason: PushReason | null
}

const plans: readonly GroupPlan[] = [
  { name: 'followers', size: 1_700, status: 'sent', reason: null },
  {
    name: 'left before the first sync',
    size: 100,
    leave: 'before first sync',
    status: 'skipped',
    reason: 'not_following',
  },
  {
    name: 'left before the second sync',
    size: 60,
    leave: 'before second sync',
    status: 'skipped',
    reason: 'not_following',
  },
  { name: 'never followed', size: 40, isStranger: true, status: 'skipped', reason: 'not_following' },
  {
    name: 'left since the last sync',
    size: 40,
    leave: 'after both syncs',
    status: 'rejected',
    reason: 'recipient_invalid',
  },
  {
    name: 'a text WeChat does not take',
    size: 60,
    hasBadField: true,
    status: 'rejected',
    reason: 'data_invalid',
  },
]

export const people = 25_000

/** Somebody of the mini-program who is to be told something. */
export interface DemoPush {
  plan: GroupPlan
  openid: string
  message: { id: string; unionid: string; templateId: string; data: Record<string, string> }
}

export interface Crowd {
  plans: readonly GroupPlan[]
  /** All groups mixed. */
  asks: readonly DemoPush[]
  leave(when: Departure): void
}

/** Chooses who is asked for among the people of the simulator, and lets them leave when their time has come. */
export function createCrowd(simulator: Simulator): Crowd {
  const shipped = findTemplate(simulator, 'thing1')
  const booking = findTemplate(simulator, 'const4')
  const followers = pickWithUnionid(simulator, 0)
  const strangers = pickWithUnionid(simulator, people)

  const asks = plans.flatMap((plan) =>
    Array.from({ length: plan.size }, (): DemoPush => {
      const { openid, unionid } = (plan.isStranger ? strangers : followers).next().value
      const [templateId, data] = plan.hasBadField
        ? [
            booking,
            {
              name1: '李四',
              phone_number2: '010-12345678',
              date3: '2026-11-20',
              const4: '改天再说',
              car_number5: '京A12345',
            },
          ]
        : [shipped, { thing1: '订单已发货', time2: '2026-11-20 15:01' }]
      return { plan, openid, message: { id: `demo-${unionid}`, unionid, templateId, data } }
    }),
  )
  return {
    plans,
    asks: mix(asks),
    leave(when) {
      for (const { plan, openid } of asks) if (plan.leave === when) simulator.unfollow(openid)
    },
  }
}

function findTemplate({ templates }: Simulator, key: string): string {
  const template = templates.find(({ content }) => content.includes(`{{${key}.DATA}}`))
  if (template === undefined) throw new Error(`The simulator has no template with ${key}`)
  return template.templateId
}

/** People from the n-th on whose unionid WeChat shows. */
function* pickWithUnionid(
  simulator: Simulator,
  from: number,
): Generator<{ openid: string; unionid: string }, never> {
  for (let n = from; ; n++) {
    const { openid, unionid } = simulator.userAt(n)
    if (unionid !== undefined) yield { openid, unionid }
  }
}

/** Every group all over the list; 7919 is a prime that divides no length in question. */
function mix(asks: DemoPush[]): DemoPush[] {
  return asks.map((_, i) => asks[(i * 7_919) % asks.length]).filter((ask) => ask !== undefined)
}
