import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { type AccountStatus, ask, type Outcomes, type Overview, toQuery, useAsk } from '../api.ts'
import { FollowerChart, OutcomeChart, ReasonBars } from '../chart.tsx'
import { Act, Badge, Loaded, Panel, When } from '../parts.tsx'
import { mayOperate, status } from '../state.ts'
import { type TextKey, t, toLength, toNumber, toTime, tWord } from '../text/text.ts'
import { Verdict } from '../verdict.tsx'

/** How far back each width goes, in milliseconds. */
const spans = { minute: 3_600_000, hour: 2 * 86_400_000, day: 30 * 86_400_000 }
type BucketName = keyof typeof spans

function isBucket(word: string): word is BucketName {
  return Object.hasOwn(spans, word)
}
type AccountOverview = Overview['accounts'][number]

export function OverviewView() {
  const [bucket, setBucket] = useState<BucketName>('minute')
  const hour = useAsk<Outcomes>(toPath('minute'), 2, undefined, 'minute')
  const chosen = useAsk<Outcomes>(bucket === 'minute' ? null : toPath(bucket), 10, undefined, bucket)
  const more = useAsk<Overview>('/overview', 5).data
  const shown = bucket === 'minute' ? hour : chosen
  const now = status.value
  if (!now) return <p class="faint">{t('loading')}</p>
  return (
    <>
      <Verdict status={now} hour={hour.data} more={more} />
      <div class="cards">
        {now.accounts.map((account) => (
          <AccountPanel
            key={account.appid}
            account={account}
            more={more?.accounts.find(({ appid }) => appid === account.appid)}
          />
        ))}
      </div>
      <Panel
        title={t('outcomes')}
        aside={
          <fieldset class="choice">
            <legend class="hidden">{t('outcomes.width')}</legend>
            {Object.keys(spans)
              .filter(isBucket)
              .map((name) => (
                <label key={name}>
                  <input
                    type="radio"
                    name="bucket"
                    checked={bucket === name}
                    onChange={() => setBucket(name)}
                  />
                  {t(`outcomes.${name}` satisfies TextKey)}
                </label>
              ))}
          </fieldset>
        }
      >
        <Loaded asked={shown}>
          {({ buckets }) => <OutcomeChart buckets={buckets} bucket={bucket} span={spans[bucket]} />}
        </Loaded>
      </Panel>
      <Panel title={t('reasons')}>
        <Loaded asked={shown}>
          {({ reasons }) => <ReasonBars reasons={reasons} since={toStart(bucket)} />}
        </Loaded>
      </Panel>
    </>
  )
}

const toSince = (iso: string) => toLength(Date.now() - Date.parse(iso))

/** To the whole minute, so that the same is asked for at every beat. */
function toStart(bucket: BucketName): string {
  return new Date(Math.floor((Date.now() - spans[bucket]) / 60_000) * 60_000).toISOString()
}

function toPath(bucket: BucketName): string {
  return `/outcomes${toQuery({ bucket, since: toStart(bucket) })}`
}

/** What there is to know of one account, and how to stop it and let it go on. */
function AccountPanel({ account, more }: { account: AccountStatus; more: AccountOverview | undefined }) {
  const { account: name, appid, paused, queue, token, followers, rate, today, circuit } = account
  const state = paused ? 'paused' : circuit ? 'stopped' : 'running'
  return (
    <Panel title={t('account', { name })} aside={<Badge word={state} />}>
      {name !== appid && <p class="faint">{appid}</p>}
      {paused && <p>{paused.detail ?? tWord('reason', paused.reason)}</p>}
      <dl class="facts">
        <Fact name={t('account.queue')}>
          {queue
            ? t('account.queue.is', { ...queue, waiting: toNumber(queue.waiting) })
            : t('account.queue.away')}
          {queue?.waiting !== 0 &&
            more?.oldestWaitingAt &&
            ` · ${t('account.queue.oldest', { length: toSince(more.oldestWaitingAt) })}`}
        </Fact>
        <Fact name={t('account.rate')}>
          {t('account.rate.is', { now: rate.perSecond })}
          {rate.limit !== null && ` · ${t('account.rate.limit', { limit: rate.limit })}`}
        </Fact>
        <Fact name={t('account.today')}>
          {t('account.today.is', {
            sent: today.sent + today.delivered + today.undelivered,
            delivered: today.delivered,
            failed: today.undelivered + today.rejected + today.unknown,
            skipped: today.skipped,
          })}
        </Fact>
        {more?.quota && (
          <Fact name={t('account.quota')}>
            {t('account.quota.is', { left: more.quota.left, limit: more.quota.limit })}
            {more.quota.usedUpAt && ` · ${t('account.quota.until', { at: toTime(more.quota.usedUpAt) })}`}
          </Fact>
        )}
        <Fact name={t('account.followers')}>{t('account.followers.is', followers)}</Fact>
        <Fact name={t('account.sync')}>
          <LastSync sync={account.lastSync} />
        </Fact>
        <Fact name={t('account.token')}>
          {token
            ? t('account.token.is', { in: toLength(Date.parse(token.expiresAt) - Date.now()) })
            : t('account.token.none')}
        </Fact>
      </dl>
      {more && <FollowerChart account={name} days={more.followers} />}
      {mayOperate.value && <Controls name={name} isPaused={paused !== null} />}
    </Panel>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function LastSync({ sync }: { sync: AccountStatus['lastSync'] }) {
  if (!sync) return t('account.sync.none')
  const { status, startedAt, finishedAt, seen, total, error } = sync
  if (status === 'running') {
    return (
      <>
        {t('account.sync.runs', { seen, total })}{' '}
        <progress aria-label={t('account.sync')} value={seen} max={Math.max(total, 1)} />
      </>
    )
  }
  return (
    <>
      <When iso={finishedAt ?? startedAt} ago /> · <Badge word={status} /> {error}
    </>
  )
}

function Controls({ name, isPaused }: { name: string; isPaused: boolean }) {
  const [reason, setReason] = useState('')
  return (
    <div class="row">
      {isPaused ? (
        <Act kind="main" label={t('do.resume')} run={() => ask('/resume', { account: name })} />
      ) : (
        <>
          <input
            class="grow"
            aria-label={t('account.why')}
            placeholder={t('account.why')}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
          <Act
            kind="danger"
            label={t('do.pause')}
            confirm={t('do.pause.what', { name })}
            run={async () => {
              await ask('/pause', { account: name, ...(reason !== '' && { reason }) })
              setReason('')
            }}
          />
        </>
      )}
      <Act label={t('do.sync')} run={() => ask('/sync', { account: name })} />
    </div>
  )
}
