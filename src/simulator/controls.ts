import type { CallbackControls } from './callbacks/controls.ts'
import type { Fault } from './control/fault.ts'
import type { AddedRule } from './control/script.ts'
import type { SimulatorStats } from './control/simulatorStats.ts'
import type { HiddenRate, SimulatedApp, SimulatedInterception, SimulatedTemplate } from './options.ts'
import type { AcceptedMessage } from './platform/messages/acceptedMessage.ts'
import type { CodeOptions, FollowOptions, SimulatedPayment, SimulatedUser } from './platform/people.ts'

/** What a script can see and do while the simulator runs; appid and secret are the account's. */
export interface SimulatorControls extends SimulatedApp, CallbackControls {
  readonly miniprogram: SimulatedApp
  /** The templates a message can be sent with. */
  readonly templates: readonly SimulatedTemplate[]

  /** The n-th person; the first `followers` of them follow at the start, the others are known but do not. */
  userAt(n: number): SimulatedUser
  /** Without an openid the next person who never followed. An openid of your own making is taken as it is. */
  follow(openid?: string, options?: FollowOptions): SimulatedUser
  unfollow(openid: string): void
  /** What user/info shows of this follower from now on. */
  setUnionid(openid: string, unionid: string | undefined): void
  setBlacklisted(openid: string, blacklisted: boolean): void

  /** From now on the list of what WeChat's review kept from users has this message. */
  intercept(openid: string, message: SimulatedInterception): void

  /** Kills every living token of the account at once, as a forced refresh by somebody else would. */
  killToken(appid?: string): void
  setRate(rate: HiddenRate): void
  /** Puts the simulator's clock forward: tokens age, windows close, quotas reset. */
  advance(ms: number): void

  mintCode(user: number, options?: CodeOptions): string
  mintPayment(user: number): SimulatedPayment
  /** The key WeChat would encrypt this person's data with now; undefined without a login that still counts. */
  sessionKeyOf(user: number): string | undefined

  addFault(fault: Fault): AddedRule
  /** Those not used up yet. */
  faults(): (Fault & { hits: number })[]
  clearFaults(): void
  stats(): SimulatorStats
  /** Oldest first; empty without `keepAccepted`. */
  accepted(): Iterable<AcceptedMessage>
}

export interface Simulator extends SimulatorControls {
  /** All accounts, the first of which is this one itself. */
  readonly accounts: readonly SimulatorControls[]
  readonly port: number
  /** For WECHAT_API_BASE, without a slash at the end. */
  readonly base: string
  /** Drops open connections too. */
  close(): Promise<void>
}
