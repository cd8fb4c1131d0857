import { useState } from 'preact/hooks'
import { type AccountStatus, ask } from '../api.ts'
import { Act, Badge, Panel, When } from '../parts.tsx'
import { mayOperate } from '../state.ts'
import { t, toLength, toNumber, tWord } from '../text/text.ts'

/** What there is to know of one account, and how to stop it and let it go on. */
export function AccountPanel({ account }: { account: AccountStatus }) {
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
      {mayOperate.value && <Controls name={name} isPaused={paused !== null} />}
    </Panel>
  )
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
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
