import { createCallbacks } from '../callbacks/callbacks.ts'
import { createFaults } from '../control/faults.ts'
import { createStats } from '../control/stats.ts'
import type { Settings } from '../optionsSchema.ts'
import { createRefusalLog, type Endpoints } from './answers.ts'
import { createApps } from './apps.ts'
import { createControls } from './controls.ts'
import { createUserEndpoints } from './followers/endpoints.ts'
import { createFollowerList } from './followers/followerList.ts'
import { createRandom } from './ids.ts'
import { createQuotas, createRateLimit } from './limits.ts'
import { createAcceptedMessages } from './messages/acceptedMessages.ts'
import { createInterceptions } from './messages/interceptions.ts'
import { createSendTemplate } from './messages/sendTemplate.ts'
import { createTemplateLibrary } from './messages/templateLibrary.ts'
import { createMiniprogram } from './miniprogram/miniprogram.ts'
import { createOperations } from './operations.ts'
import { createTokens } from './tokens.ts'

export type Platform = ReturnType<typeof createPlatform>

/** Everything of one account of the fake WeChat but its HTTP side; `people`: see createPopulation. */
export function createPlatform(settings: Settings, people = settings.seed) {
  const { seed, now, linkedMiniprograms } = settings
  let advancedMs = 0
  const clock = () => now() + advancedMs

  // A source of chance for each part: one fault more or less must not change a token.
  const createChance = (part: number) => createRandom(seed * 31 + part)
  const identity = createApps(settings, createChance(0))
  const { account, miniprogram: miniprogramApp } = identity
  const apps = [account, miniprogramApp]
  const { refuse, find: findRefusal } = createRefusalLog(createChance(1))
  const quotas = createQuotas(settings.quotas)
  const rate = createRateLimit(settings.rate)
  const faults = createFaults(createChance(2))
  const tokens = createTokens({ ...settings, account, apps, quotas, random: createChance(3), refuse })
  const followers = createFollowerList({ ...settings, people, clock })
  const userCounts = { batchgetOpenids: 0, cursors: {} }
  const templates = createTemplateLibrary(settings.templates, createChance(4), refuse)
  const accepted = createAcceptedMessages({ ...settings, startedAt: clock() })
  const interceptions = createInterceptions({ templates, clock, refuse })
  const callbacks = createCallbacks({
    names: identity.callbackNames,
    clock,
    random: createChance(6),
    ruleRandom: createChance(7),
    keep: settings.keepAccepted,
  })
  const miniprogram = createMiniprogram({ app: miniprogramApp, followers, random: createChance(5), refuse })

  const endpoints: Endpoints = {
    ...tokens.endpoints,
    ...createUserEndpoints({ ...settings, followers, refuse, counts: userCounts }),
    ...templates.endpoints,
    ...interceptions.endpoints,
    ...createSendTemplate({
      ...settings,
      followers,
      templates,
      accepted,
      raiseReceipt: callbacks.raiseReceipt,
      rate,
      refuse,
      linkedMiniprograms: [miniprogramApp.appid, ...linkedMiniprograms],
    }),
    ...miniprogram.endpoints,
    ...createOperations({
      apps,
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
  const controls = createControls(
    {
      account,
      miniprogramApp,
      callbacks,
      templates,
      interceptions,
      followers,
      tokens,
      rate,
      miniprogram,
      faults,
      stats,
      accepted,
    },
    clock,
    (ms) => {
      advancedMs += ms
    },
  )

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
