import { minute, second } from '../../../base/duration.ts'
import type { Fact } from '../../../base/sentences/sentence.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import type { BaseAnswer, Installation } from '../subjects.ts'

/** Two clocks and a slow answer may differ by so much. */
const tolerance = 5 * second
/** Beyond it tokens are thought fresh that are not, and quotas and windows begin at the wrong time. */
const tooFarOff = minute

export const networkChecks: Check[] = [
  {
    name: 'wechat',
    of: 'installation',
    isSlow: true,
    async run({ askBases }) {
      const [first] = await askBases()
      if (first === undefined) return skip('needs.config')
      const { base, answer } = first
      if ('why' in answer) return fail('wechat.unreachable', { base, why: answer.why })
      return isGood(answer)
        ? ok('wechat.ok', { base })
        : fail('wechat.odd', { base, status: String(answer.status) })
    },
  },
  {
    name: 'wechat_fallback',
    of: 'installation',
    isSlow: true,
    async run({ askBases }) {
      const [, ...others] = await askBases()
      if (others.length === 0) return warn('fallback.none')
      const bad = others.find(({ answer }) => 'why' in answer || !isGood(answer))
      return bad
        ? warn('fallback.unreachable', { base: bad.base })
        : ok('fallback.ok', { bases: toBases(others) })
    },
  },
  {
    name: 'api_base',
    of: 'installation',
    run({ config: { apiBases } }) {
      const plain = apiBases.find((base) => base.startsWith('http:'))
      if (plain) return warn('apiBase.plain', { base: plain })
      const foreign = apiBases.find((base) => !/(^|\.)weixin\.qq\.com$/.test(new URL(base).hostname))
      return foreign ? warn('apiBase.foreign', { base: foreign }) : ok('apiBase.ok')
    },
  },
  {
    name: 'proxy',
    of: 'installation',
    isSlow: true,
    async run({ askBases }) {
      const answers = await askBases()
      const page = answers.find(({ answer }) => 'page' in answer && answer.page !== undefined)
      if (page && 'page' in page.answer) {
        const facts = { base: page.base, status: String(page.answer.status), page: page.answer.page ?? '' }
        return page.proxy === undefined
          ? fail('proxy.pageWithoutProxy', facts)
          : fail('proxy.page', { ...facts, proxy: toHost(page.proxy) })
      }
      const proxies = [...new Set(answers.flatMap(({ proxy }) => proxy ?? []))]
      return proxies.length === 0
        ? ok('proxy.none')
        : ok('proxy.ok', { proxy: proxies.map(toHost).join(', ') })
    },
  },
  {
    name: 'clock',
    of: 'installation',
    isSlow: true,
    async run({ askBases }) {
      const ahead = (await askBases()).flatMap(({ answer }) =>
        'ahead' in answer ? (answer.ahead ?? []) : [],
      )[0]
      if (ahead === undefined) return skip('clock.unknown')
      const seconds = Math.round(Math.abs(ahead) / second)
      const atMost = Math.ceil(Math.abs(ahead) / second) || 1
      if (Math.abs(ahead) <= tolerance) return ok('clock.ok', { seconds: atMost })
      const wrong = Math.abs(ahead) > tooFarOff ? fail : warn
      return ahead > 0 ? wrong('clock.slow', { seconds }) : wrong('clock.fast', { seconds })
    },
  },
  {
    name: 'timezone',
    of: 'installation',
    run({ config: { timezone } }) {
      const format = new Intl.DateTimeFormat('en-GB', {
        timeZone: timezone,
        hour: '2-digit',
        minute: '2-digit',
      })
      const facts = { timezone, time: format.format(new Date()) }
      return isChinese(timezone) ? ok('timezone.ok', facts) : warn('timezone.elsewhere', facts)
    },
  },
  {
    name: 'alert_url',
    of: 'installation',
    isSlow: true,
    run: checkAlertUrl,
  },
]

async function checkAlertUrl({ config: { alertWebhookUrl: url }, askAlertUrl }: Installation) {
  if (url === undefined) return warn('alertUrl.none')
  const { host, protocol } = new URL(url)
  const asked = await askAlertUrl()
  if ('why' in asked) return fail('alertUrl.unreachable', { host, why: asked.why })
  if (asked.status === 404) return warn('alertUrl.notFound', { host })
  return protocol === 'http:' ? warn('alertUrl.plain', { host }) : ok('alertUrl.ok', { host })
}

/** WeChat answers with JSON and 200, whatever it thinks of the call. */
function isGood(answer: Exclude<BaseAnswer['answer'], { why: Fact }>): boolean {
  return answer.status === 200 && answer.page === undefined
}

function isChinese(timezone: string): boolean {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' })
  return format.format(new Date()).endsWith('GMT+08:00')
}

function toBases(answers: BaseAnswer[]): string {
  return answers.map(({ base }) => base).join(', ')
}

/** The URL may hold a password. */
function toHost(proxy: string): string {
  return new URL(proxy).host
}
