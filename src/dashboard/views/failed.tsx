import { useMemo, useState } from 'preact/hooks'
import { type List, type Outcomes, type Overview, type ShownPush, toPath, toQuery, useAsk } from '../api.ts'
import { ReasonBars } from '../chart.tsx'
import { Act, Loaded, Panel } from '../parts.tsx'
import {
  Before,
  type Filter,
  isResending,
  isRetriable,
  mayComeTwice,
  Resending,
  type RetryAnswer,
  retryEach,
  retryFiltered,
  runResend,
  spans,
  toCost,
  toRetryBody,
  toStart,
} from '../resend.tsx'
import { address, go, mayOperate, status } from '../state.ts'
import { t, toTime, tWord } from '../text/text.ts'
import { Choice } from './fields.tsx'
import { PushTable } from './push.tsx'

const statuses = ['rejected', 'undelivered', 'unknown'] as const
export function FailedView() {
  const given: Filter = Object.fromEntries(address.value.query)
  const filter: Filter = { ...given, ...(!given.reason && !given.status && { status: 'rejected' }) }
  // As of when the view was opened: a list that is being chosen from does not change its meaning by the minute.
  const dayAgo = useMemo(() => toStart('day'), [])
  const since = filter.since ?? dayAgo
  const span = filter.since ? toSpan(filter.since) : 'day'
  const { cursor: _, ...kept } = { ...filter, since }
  const outcomes = useAsk<Outcomes>(
    `/outcomes${toQuery({ since, bucket: 'day', account: filter.account })}`,
    span === 'quarter' ? 60 : 5,
  )
  const list = useAsk<List<ShownPush>>(`/pushes${toQuery({ ...filter, since, limit: 100 })}`, 5)
  const show = (change: Filter) => go(`/failed${toQuery({ ...kept, ...change })}`)
  const accounts = status.value?.accounts ?? []
  const reason = filter.reason && tWord('reason', filter.reason)
  return (
    <>
      <div class="row filters">
        <Choice
          label={t('push.status')}
          value={filter.status ?? ''}
          set={(value) => show({ status: value, reason: '' })}
          options={[
            ...(reason ? [['', reason] as const] : []),
            ...statuses.map((name) => [name, tWord('status', name)] as const),
          ]}
        />
        <Choice
          label={t('failed.since')}
          value={span ?? ''}
          set={(value) => {
            if (isSpan(value)) show({ since: toStart(value) })
          }}
          options={[
            ...(span ? [] : [['', `${t('since')} ${toTime(since)}`] as const]),
            ...Object.keys(spans)
              .filter(isSpan)
              .map((name) => [name, t(`failed.${name}`)] as const),
          ]}
        />
        {accounts.length > 1 && (
          <Choice
            label={t('push.account')}
            value={filter.account ?? ''}
            set={(value) => show({ account: value })}
            options={[['', t('every')], ...accounts.map(({ account }) => [account, account] as const)]}
          />
        )}
      </div>
      <Panel title={t('reasons')}>
        <Loaded asked={outcomes}>{({ reasons }) => <ReasonBars reasons={reasons} since={since} />}</Loaded>
      </Panel>
      <Panel title={reason || tWord('status', filter.status ?? '')}>
        <Resending />
        <Loaded asked={list}>
          {({ items, next }) => (
            <>
              <Chosen items={items} filter={kept} reload={list.reload} />
              {next ? (
                <a href={`#/failed${toQuery({ ...kept, cursor: next })}`}>{t('older')}</a>
              ) : (
                <Before filter={filter} listed={items.length} outcomes={outcomes.data} />
              )}
            </>
          )}
        </Loaded>
      </Panel>
    </>
  )
}

function isSpan(word: string): word is keyof typeof spans {
  return Object.hasOwn(spans, word)
}

/** As long as it is that to the minute or two; an address that was passed on means what it did. */
function toSpan(since: string): keyof typeof spans | undefined {
  const age = Date.now() - Date.parse(since)
  return Object.keys(spans)
    .filter(isSpan)
    .find((name) => Math.abs(age - spans[name]) <= 120_000)
}

type ChosenProps = { items: ShownPush[]; filter: Filter; reload(): void }

/** Each, some, or all that the filter means, also those that are not in the table. */
function Chosen({ items, filter, reload }: ChosenProps) {
  const [chosen, setChosen] = useState<readonly ShownPush[]>([])
  const body = toRetryBody(filter)
  const path = mayOperate.value && !filter.broadcast ? '/pushes/retry' : null
  const total = useAsk<RetryAnswer>(path, 15, { ...body, dryRun: true })
  const more = useAsk<Overview>(mayOperate.value ? '/overview' : null, 60).data
  const isBusy = isResending.value
  const all = total.data?.retried
  const isOffered = mayOperate.value && items.some(isRetriable)

  async function run(of: number, parts: AsyncIterable<number>) {
    try {
      await runResend(of, parts)
    } finally {
      setChosen([])
      reload()
      total.reload()
    }
  }

  return (
    <>
      {isOffered && (
        <>
          <div class="row">
            <Act label={t('choose.all')} run={() => setChosen(items.filter(isRetriable))} />
            <Act
              kind="main"
              label={t('failed.retry', { n: chosen.length })}
              disabled={chosen.length === 0 || isBusy}
              confirm={toCost(chosen.length, filter, more)}
              run={() => run(chosen.length, retryEach(chosen))}
            />
            <Act
              label={all === undefined ? t('failed.retry_filter') : t('failed.retry_all', { n: all })}
              disabled={(path !== null && !all) || isBusy}
              confirm={toCost(all ?? items.length, filter, more)}
              run={() => run(all ?? items.length, retryFiltered(body, all))}
            />
          </div>
          {all !== undefined && all > 0 && <p class="faint">{toCost(all, filter, more)}</p>}
        </>
      )}
      {items.length > 0 && (
        <PushTable
          label={t('nav.failed')}
          pushes={items}
          {...(isOffered && {
            chosen,
            choose(push: ShownPush, isChosen: boolean) {
              const others = chosen.filter((other) => toPath(other) !== toPath(push))
              setChosen(isChosen ? [...others, push] : others)
            },
            aside: (push: ShownPush) =>
              isRetriable(push) && (
                <Act
                  label={t('do.retry')}
                  disabled={isBusy}
                  confirm={mayComeTwice(push) ? t('do.retry.twice') : undefined}
                  run={() => run(1, retryEach([push]))}
                />
              ),
          })}
        />
      )}
    </>
  )
}
