import { createCallbacks } from '../callbacks/callbacks.ts'
import { createFaults } from '../control/faults.ts'
import { createStats } from '../control/stats.ts'
import type { SimulatorControls } from '../controls.ts'
import type { SimulatedQuotas, SimulatorOptions } from '../options.ts'
import { createRefusalLog, type Endpoints } from './answers.ts'
import { createUserEndpoints } from './followers/endpoints.ts'
import { createFollowerList } from './followers/followerList.ts'
import { createRandom, randomHex, randomText } from './ids.ts'
import { createQuotas, createRateLimit } from './limits.ts'
import { createAcceptedMessages } from './messages/acceptedMessages.ts'
import { createSendTemplate } from './messages/sendTemplate.ts'
import { createTemplateLibrary } from './messages/templateLibrary.ts'
import { createMiniprogram } from './miniprogram/miniprogram.ts'
import { createOperations } from './operations.ts'
import { createTokens } from './tokens.ts'

const defaults = {
  seed: 1,
  followers: 0,
  withoutUnionid: 0,
  unionidAfterLeaving: false,
  pageSize: 10_000,
  lastPageCursor: 'last',
  linkedMiniprograms: [],
  latencyMs: 0,
  tokenLifeSeconds: 7_200,
  tokenOverlapSeconds: 300,
  dedupeWindowMs: 600_000,
  dedupeAnswer: 'ok',
  rate: {},
  keepAccepted: true,
  now: Date.now,
} as const satisfies SimulatorOptions

/** What a newly verified account has. */
const usualQuotas: SimulatedQuotas = {
  templateSend: 100_000,
  userGet: 500,
  userInfo: 5_000_000,
  batchget: 5_000_000,
  token: 2_000,
  stableToken: 500_000,
}

export type Platform = ReturnType<typeof createPlatform>

/** Everything of the fake WeChat but its HTTP side. */
export function createPlatform(options: SimulatorOptions) {
  const settings = { ...defaults, ...options }
  const { seed, now } = settings
  let advancedMs = 0
  const clock = () => now() + advancedMs

  // A source of chance for each part: one fault more or less must not change a token.
  const createChance = (part: number) => createRandom(seed * 31 + part)
  const names = createChance(0)
  const toApp = () => ({ appid: `wx${randomHex(names, 16)}`, secret: randomHex(names, 32) })
  const generated = toApp()
  const account = { appid: options.appid ?? generated.appid, secret: options.secret ?? generated.secret }
  const miniprogramApp = options.miniprogram ?? toApp()
  const originalId = `gh_${randomHex(names, 12)}`
  const platformId = `o${randomText(names, 27)}`

  const { refuse, find: findRefusal } = createRefusalLog(createChance(1))
  const quotas = createQuotas({ ...usualQuotas, ...options.quotas })
  const rate = createRateLimit(settings.rate)
  const faults = createFaults(createChance(2))
  const tokens = createTokens({
    apps: [account, miniprogramApp],
    lifeSeconds: settings.tokenLifeSeconds,
    overlapSeconds: settings.tokenOverlapSeconds,
    ipWhitelist: options.ipWhitelist,
    quotas,
    random: createChance(3),
    refuse,
  })
  const followers = createFollowerList({ ...settings, clock })
  const userCounts = { batchgetOpenids: 0, cursors: {} }
  const templates = createTemplateLibrary(options.templates, createChance(4), refuse)
  const accepted = createAcceptedMessages({
    seed,
    startedAt: clock(),
    dedupeWindowMs: settings.dedupeWindowMs,
    keep: settings.keepAccepted,
    onAccepted: options.onAccepted,
  })
  const callbacks = createCallbacks({
    names: { appid: account.appid, originalId, platformId },
    clock,
    random: createChance(6),
    ruleRandom: createChance(7),
    keep: settings.keepAccepted,
  })
  const miniprogram = createMiniprogram({ app: miniprogramApp, followers, random: createChance(5), refuse })

  const endpoints: Endpoints = {
    ...tokens.endpoints,
    ...createUserEndpoints({
      followers,
      refuse,
      pageSize: settings.pageSize,
      lastPageCursor: settings.lastPageCursor,
      counts: userCounts,
    }),
    ...templates.endpoints,
    ...createSendTemplate({
      followers,
      templates,
      accepted,
      raiseReceipt: callbacks.raiseReceipt,
      rate,
      refuse,
      dedupeAnswer: settings.dedupeAnswer,
      linkedMiniprograms: [miniprogramApp.appid, ...settings.linkedMiniprograms],
      pages: options.pages,
    }),
    ...miniprogram.endpoints,
    ...createOperations({
      apps: [account, miniprogramApp],
      findEndpoint: (path) => endpoints[path],
      findCallbackUrl: () => callbacks.controls.callback()?.url,
      quotas,
      rate,
      findRefusal,
      refuse,
    }),
  }
  const stats = createStats({
    accepted: accepted.counts,
    tokens: tokens.counts,
    users: userCounts,
    faults: faults.counts,
    callbacks: callbacks.readStats,
  })

  function isFollowing(openid: string): boolean {
    const standing = followers.standingOf(openid)
    return standing === 'following' || standing === 'blacklisted'
  }

  const controls: SimulatorControls = {
    ...account,
    ...callbacks.controls,
    miniprogram: miniprogramApp,
    get templates() {
      return templates.list()
    },
    userAt: followers.userAt,
    follow(known, { unionid, eventKey } = {}) {
      const isNew = known === undefined || !isFollowing(known)
      const user = followers.follow(known, unionid)
      if (isNew) callbacks.raise({ event: 'subscribe', openid: user.openid, eventKey })
      return user
    },
    unfollow(openid) {
      if (!isFollowing(openid)) return
      followers.unfollow(openid)
      callbacks.raise({ event: 'unsubscribe', openid })
    },
    setUnionid: followers.setUnionid,
    setBlacklisted: followers.setBlacklisted,
    killToken: (appid = account.appid) => tokens.killAll(appid, clock()),
    setRate: rate.set,
    advance(ms) {
      advancedMs += ms
    },
    mintCode: (user, codeOptions = {}) => miniprogram.mintCode(user, codeOptions, clock()),
    sessionKeyOf: (user) => miniprogram.sessionKeyOf(user, clock()),
    mintPayment: (user) => miniprogram.mintPayment(user, clock()),
    addFault: faults.add,
    faults: faults.list,
    clearFaults: faults.clear,
    stats: stats.read,
    accepted: accepted.accepted,
  }

  return {
    controls,
    endpoints: new Map(Object.entries(endpoints)),
    tokens,
    quotas,
    faults,
    stats,
    refuse,
    latencyMs: settings.latencyMs,
    clock,
    closeCallbacks: callbacks.close,
  }
}
