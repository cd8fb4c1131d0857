import { type AccountStatus, ask, type Outcomes, type Overview, type Status, toQuery } from './api.ts'
import { Act, When } from './parts.tsx'
import { harmless } from './resend.tsx'
import { go, mayOperate } from './state.ts'
import { t, toLength, toNumber, toTime, tWord } from './text/text.ts'

/** Something that a person should know, the worst first: what, since when, and what to do. */
interface Trouble {
  /** The same as long as it is the same trouble, whatever its figures. */
  key: string
  tone: 'ok' | 'warn' | 'bad'
  text: string
  since?: string | null | undefined
  advice?: string
  action?: TroubleAction
}
type TroubleAction =
  | { kind: 'resume' | 'sync'; account: string }
  | { kind: 'open'; label: string; open(): void }

interface Sum {
  sent: number
  failed: number
}

function sumUp({ buckets }: Pick<Outcomes, 'buckets'>): Sum {
  return buckets.reduce(
    ({ sent, failed }, one) => ({
      sent: sent + one.sent + one.delivered + one.undelivered,
      failed: failed + one.undelivered + one.rejected + one.unknown,
    }),
    { sent: 0, failed: 0 },
  )
}

/** `hour` is undefined where the server does not count by the hour; then the day speaks. */
function findTroubles(
  { accounts }: Status,
  hour: Outcomes | undefined,
  more: Overview | undefined,
): Trouble[] {
  const troubles = accounts.flatMap((account) => {
    const beyond = more?.accounts.find(({ appid }) => appid === account.appid)
    return [...findOfAccount(account, beyond, accounts.length > 1)]
  })
  const today = accounts.reduce(
    (sum, { today }) => ({
      sent: sum.sent + today.sent + today.delivered + today.undelivered,
      failed: sum.failed + today.undelivered + today.rejected + today.unknown,
    }),
    { sent: 0, failed: 0 },
  )
  const sum = hour ? sumUp(hour) : today
  if (sum.failed >= 20 && sum.failed > (sum.sent + sum.failed) / 5) troubles.push(toMany(sum, hour))
  const order = ['bad', 'warn', 'ok']
  troubles.sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone))
  if (troubles.length > 0) return troubles
  const failed = sum.failed === 0 ? t('verdict.none_failed') : t('verdict.failed', { n: sum.failed })
  const sent = t(hour ? 'verdict.hour' : 'verdict.today', { n: sum.sent })
  return [{ key: 'well', tone: 'ok', text: t('verdict.well', { sent, failed }) }]
}

function toMany({ sent, failed }: Sum, hour: Outcomes | undefined): Trouble {
  const [worst] = Object.entries(hour?.reasons ?? {})
    .filter(([reason]) => !Object.hasOwn(harmless, reason))
    .sort(([, a], [, b]) => b - a)
  const place = `/failed${toQuery({ reason: worst?.[0], since: hour?.buckets[0]?.at })}`
  return {
    key: 'many',
    tone: 'warn',
    text: t(hour ? 'verdict.many' : 'verdict.many_today', { failed, all: sent + failed }),
    advice: worst ? t('verdict.mostly', { reason: tWord('reason', worst[0]), n: worst[1] }) : '',
    action: { kind: 'open', label: t('verdict.show_failed'), open: () => go(place) },
  }
}

function* findOfAccount(
  account: AccountStatus,
  more: Overview['accounts'][number] | undefined,
  isOneOfMany: boolean,
): Generator<Trouble> {
  const { account: name, paused, circuit, queue, queueProblems, lastSync, followers, rate } = account
  const tell = (text: string) => (isOneOfMany ? `${name}: ${text}` : text)
  const waiting = queue ? queue.waiting + queue.delayed : 0
  if (paused) {
    const isManual = paused.reason === 'manual'
    const why = paused.detail ?? tWord('reason', paused.reason)
    yield {
      key: `${name} paused`,
      tone: isManual ? 'warn' : 'bad',
      text: tell(t(isManual ? 'verdict.paused' : 'verdict.stopped', { why, waiting: toNumber(waiting) })),
      since: paused.since,
      advice: paused.probeAt
        ? t('verdict.probe', { in: toLength(Date.parse(paused.probeAt) - Date.now()) })
        : '',
      action: { kind: 'resume', account: name },
    }
  }
  if (circuit) {
    yield {
      key: `${name} circuit`,
      tone: 'bad',
      text: tell(t('verdict.circuit', { need: t(`need.${circuit.need}`), detail: circuit.detail })),
      since: circuit.since,
      advice: t('verdict.circuit.todo'),
    }
  }
  for (const problem of queueProblems)
    yield { key: `${name} ${problem}`, tone: queue ? 'warn' : 'bad', text: tell(problem) }
  if (!paused && !circuit && queue && queue.waiting > 0 && queue.active === 0 && rate.perSecond === 0) {
    yield {
      key: `${name} no_worker`,
      tone: 'bad',
      text: tell(t('verdict.no_worker', { n: queue.waiting })),
      since: more?.oldestWaitingAt,
      advice: t('verdict.no_worker.todo'),
    }
  }
  if (!paused && more?.quota && (more.quota.left <= 0 || more.quota.usedUpAt)) {
    const { left, limit, usedUpAt } = more.quota
    const at = usedUpAt ? toTime(usedUpAt) : ''
    yield {
      key: `${name} quota`,
      tone: 'warn',
      text: tell(left > 0 ? t('verdict.quota', { at, left, limit }) : t('verdict.quota.gone', { limit })),
      advice: t('verdict.quota.todo'),
    }
  }
  if (lastSync?.status === 'stopped' || lastSync?.status === 'interrupted') {
    yield {
      key: `${name} sync`,
      tone: 'warn',
      text: tell(t('verdict.sync', { why: lastSync.error ?? tWord('status', lastSync.status) })),
      since: lastSync.finishedAt,
      action: { kind: 'sync', account: name },
    }
  }
  if (!lastSync && followers.subscribed === 0) {
    yield {
      key: `${name} no_followers`,
      tone: 'warn',
      text: tell(t('verdict.no_followers')),
      action: { kind: 'sync', account: name },
    }
  }
}

interface VerdictProps {
  status: Status
  hour: Outcomes | undefined
  more: Overview | undefined
}

/** One sentence first; what else there is, below it. */
export function Verdict({ status, hour, more }: VerdictProps) {
  const [first, ...others] = findTroubles(status, hour, more)
  if (!first) return null
  return (
    <section class={`verdict ${first.tone}`} aria-label={t('verdict')} aria-live="polite">
      <Sentence key={first.key} trouble={first} isFirst />
      {others.length > 0 && (
        <ul>
          {others.map((trouble) => (
            <li key={trouble.key}>
              <Sentence trouble={trouble} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Sentence({ trouble, isFirst = false }: { trouble: Trouble; isFirst?: boolean }) {
  const { text, since, advice, action } = trouble
  return (
    <>
      <p class={isFirst ? 'headline' : undefined}>{text}</p>
      {(since || advice || action) && (
        <p class="row">
          {since && (
            <span>
              {t('since')} <When iso={since} />
            </span>
          )}
          {advice && <span>{advice}</span>}
          {action && <ActionButton action={action} />}
        </p>
      )}
    </>
  )
}

function ActionButton({ action }: { action: TroubleAction }) {
  if (action.kind === 'open') return <Act label={action.label} run={action.open} />
  if (!mayOperate.value) return null
  const { kind, account } = action
  return <Act kind="main" label={t(`do.${kind}`)} run={() => ask(`/${kind}`, { account })} />
}
