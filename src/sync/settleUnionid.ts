import { minute } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { FollowerFacts, Followers } from '../db/followers.ts'
import { errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { FollowerInfo } from '../wechat/types.ts'
import { isFromWechat } from './sentence.ts'

interface SettleDeps {
  followers: Pick<Followers, 'findSharing' | 'settle'>
  /** Asks about one follower alone: answers about several have carried the unionid of a neighbour. */
  ask: (openid: string) => Promise<FollowerInfo>
  log: Log
  now: () => number
}

/** One contradiction can lead to another, when a whole list of answers was shifted. */
const mostCalls = 500

/**
 * Several followers carry one unionid, which cannot be: all are asked about singly, and those to whom that leads. Resolves
 * with the number of calls; whether it is settled is in the table.
 */
export async function settleUnionid(
  unionid: string,
  { followers, ask, log, now }: SettleDeps,
): Promise<number> {
  const open = [unionid]
  let calls = 0
  let unsettled = 0

  async function askSingly(openid: string): Promise<FollowerFacts> {
    calls += 1
    try {
      return await ask(openid)
    } catch (error) {
      if (!(error instanceof WechatApiError) || error.errcode !== errcode.invalidOpenid) throw error
      return { openid, subscribed: true }
    }
  }

  for (let shared = open.pop(); shared !== undefined && calls < mostCalls; shared = open.pop()) {
    const sharing = await followers.findSharing(shared)
    if (sharing.length < 2) continue
    const at = now()
    const facts: FollowerFacts[] = []
    for (const openid of sharing) facts.push(await askSingly(openid))
    const owners = facts.filter((fact) => fact.subscribed && fact.unionid === shared)
    // Of the others WeChat says nothing any more, so it is none of theirs.
    const wrong = facts.filter((fact) => fact.subscribed && fact.unionid === undefined)
    await followers.settle(facts, {
      at,
      nameless: owners.length === 1 ? wrong.map(({ openid }) => openid) : [],
    })
    for (const { unionid: told } of facts) if (told !== undefined && told !== shared) open.push(told)
    if ((await followers.findSharing(shared)).length > 1) unsettled += 1
  }
  log.warn(
    { calls, unsettled },
    unsettled > 0
      ? 'several followers carry one unionid, and WeChat says so of each: nothing is sent to them by it'
      : 'several followers carried one unionid: each was asked about singly, and it is settled',
  )
  return calls
}

/** For those who are about to send: each unionid at most once a minute, however many wait for it. */
export function createUnionidSettler(deps: SettleDeps): (unionid: string) => Promise<void> {
  const recent = new Map<string, { at: number; settling: Promise<void> }>()

  return (unionid) => {
    const at = deps.now()
    for (const [known, last] of recent) if (Math.abs(at - last.at) > minute) recent.delete(known)
    const settling = recent.get(unionid)?.settling ?? trySettling(unionid)
    if (!recent.has(unionid)) recent.set(unionid, { at, settling })
    return settling
  }

  async function trySettling(unionid: string): Promise<void> {
    try {
      await settleUnionid(unionid, deps)
    } catch (error) {
      if (!isFromWechat(error)) throw error
      deps.log.warn({ err: error }, 'unionid shared by several followers could not be resolved')
    }
  }
}
