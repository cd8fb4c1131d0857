import { useMemo, useRef, useState } from 'preact/hooks'
import { ask, type List, type Outcomes, type ShownPush, toQuery, useAsk } from '../api.ts'
import { ReasonBars } from '../chart.tsx'
import { Act, Loaded, Notice, Panel } from '../parts.tsx'
import { address, go, mayOperate, status } from '../state.ts'
import { type TextKey, t, toLength, toNumber, tWord } from '../text/text.ts'
import { PushTable } from './push.tsx'

const statuses = ['rejected', 'undelivered', 'unknown'] as const
const spans = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }
type Filter = Partial<
  Record<'status' | 'reason' | 'since' | 'account' | 'template' | 'broadcast' | 'cursor', string>
>

export function FailedView() {
  const { query } = address.value
  const given: Filter = Object.fromEntries(query)
  const filter: Filter = { ...given, ...(!given.reason && !given.status && { status: 'rejected' }) }
  // As of when the view was opened: a list that is being chosen from does not change its meaning by the minute.
  const dayAgo = useMemo(() => new Date(Date.now() - spans.day).toISOString(), [])
  const since = filter.since ?? dayAgo
  const { cursor: _, ...kept } = { ...filter, since }
  const outcomes = useAsk<Outcomes>(
    `/outcomes${toQuery({ since, bucket: 'day', account: filter.account })}`,
    5,
  )
  const list = useAsk<List<ShownPush>>(`/pushes${toQuery({ ...filter, since, limit: 100 })}`, 5)
  const show = (change: Filter) => go(`/failed${toQuery({ ...kept, ...change })}`)
  return (
    <>
      <div class="row filters">
        <label>
          {t('push.status')}{' '}
          <select
            value={filter.status ?? ''}
            onChange={({ currentTarget }) => show({ status: currentTarget.value, reason: '' })}
          >
            {filter.reason && <option value="">{tWord('reason', filter.reason)}</option>}
            {statuses.map((name) => (
              <option key={name} value={name}>
                {tWord('status', name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('failed.since')}{' '}
          <select
            value={toSpan(since)}
            onChange={({ currentTarget: { value } }) =>
              show({
                since: new Date(Date.now() - (spans[value as keyof typeof spans] ?? spans.day)).toISOString(),
              })
            }
          >
            {Object.keys(spans).map((name) => (
              <option key={name} value={name}>
                {t(`failed.${name}` as TextKey)}
              </option>
            ))}
          </select>
        </label>
        {(status.value?.accounts.length ?? 0) > 1 && (
          <label>
            {t('push.account')}{' '}
            <select
              value={filter.account ?? ''}
              onChange={({ currentTarget }) => show({ account: currentTarget.value })}
            >
              <option value="">{t('every')}</option>
              {status.value?.accounts.map(({ account }) => (
                <option key={account} value={account}>
                  {account}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <Panel title={t('reasons')}>
        <Loaded asked={outcomes}>{({ reasons }) => <ReasonBars reasons={reasons} since={since} />}</Loaded>
      </Panel>
      <Panel title={filter.reason ? tWord('reason', filter.reason) : tWord('status', filter.status ?? '')}>
        <Loaded asked={list}>
          {({ items, next }) => (
            <>
              <Chosen items={items} filter={kept} reload={list.reload} />
              {items.length === 0 && <Notice>{t('failed.none')}</Notice>}
              {next && <a href={`#/failed${toQuery({ ...kept, cursor: next })}`}>{t('older')}</a>}
            </>
          )}
        </Loaded>
      </Panel>
    </>
  )
}

function toSpan(since: string): string {
  const age = Date.now() - Date.parse(since)
  return Object.entries(spans).find(([, span]) => age <= span + 120_000)?.[0] ?? 'week'
}

interface ChosenProps {
  items: ShownPush[]
  filter: Filter
  reload(): void
}

/** Each, some, or all that the filter means, also those that are not in the table. */
function Chosen({ items, filter, reload }: ChosenProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [told, setTold] = useState('')
  const [progress, setProgress] = useState<{ done: number; of: number }>()
  const isStopped = useRef(false)
  const body = toRetryBody(filter)
  const path = mayOperate.value && !filter.broadcast ? '/pushes/retry' : null
  const total = useAsk<{ retried: number }>(path, 15, { ...body, dryRun: true })

  async function retry(ids: readonly string[]) {
    isStopped.current = false
    let done = 0
    try {
      for (const id of ids) {
        if (isStopped.current) break
        setProgress({ done, of: ids.length })
        await ask(`/pushes/${encodeURIComponent(id)}/retry`, {})
        done += 1
      }
    } finally {
      setProgress(undefined)
      setTold(t('failed.retried', { n: done }))
      setChosen(new Set())
      reload()
    }
  }

  const all = total.data?.retried
  return (
    <>
      {mayOperate.value && items.length > 0 && (
        <div class="row">
          <Act label={t('choose.all')} run={() => setChosen(new Set(items.map(({ id }) => id)))} />
          <Act
            kind="main"
            label={t('failed.retry', { n: chosen.size })}
            disabled={chosen.size === 0}
            confirm={toCost(chosen.size, filter)}
            run={() => retry([...chosen])}
          />
          <Act
            label={all === undefined ? t('failed.retry_filter') : t('failed.retry_all', { n: all })}
            disabled={all === 0}
            confirm={toCost(all ?? items.length, filter)}
            run={async () => {
              const { retried } = await ask<{ retried: number }>('/pushes/retry', body)
              setTold(t('failed.retried', { n: retried }))
              reload()
              total.reload()
            }}
          />
        </div>
      )}
      {progress && (
        <p class="row" role="status">
          <progress aria-label={t('failed.progress', progress)} value={progress.done} max={progress.of} />
          {t('failed.progress', progress)}
          <button
            type="button"
            onClick={() => {
              isStopped.current = true
            }}
          >
            {t('stop')}
          </button>
        </p>
      )}
      {told && <Notice tone="ok">{told}</Notice>}
      {items.length > 0 && (
        <PushTable
          label={t('nav.failed')}
          pushes={items}
          {...(mayOperate.value && {
            chosen,
            choose(id: string, isChosen: boolean) {
              const next = new Set(chosen)
              if (isChosen) next.add(id)
              else next.delete(id)
              setChosen(next)
            },
            aside: ({ id }: ShownPush) => <Act label={t('do.retry')} run={() => retry([id])} />,
          })}
        />
      )}
    </>
  )
}

/** Recipients of a broadcast are sent to again by it, all that have the reason. */
function toRetryBody({ broadcast, reason, ...filter }: Filter): object {
  if (broadcast) return { broadcast, reason }
  const given = { ...filter, reason }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value))
}

/** How long it takes at the present rate, and what of the day's quota it is. */
function toCost(n: number, { status: kind, reason, account }: Filter): string {
  const accounts = status.value?.accounts.filter((one) => !account || one.account === account) ?? []
  const rate = Math.max(...accounts.map(({ rate }) => rate.limit ?? Math.max(rate.perSecond, 50)), 1)
  const cost = t('failed.cost', { n, length: toLength((n / rate) * 1_000), rate: toNumber(rate) })
  return kind === 'unknown' || reason === 'ambiguous' ? `${cost} ${t('do.retry.twice')}` : cost
}
