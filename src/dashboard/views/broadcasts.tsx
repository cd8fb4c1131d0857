import { ask, type Broadcast, type List, toQuery, useAsk } from '../api.ts'
import { ReasonBars } from '../chart.tsx'
import { Act, Badge, Grid, Loaded, Notice, Panel, When } from '../parts.tsx'
import { address, go, mayOperate } from '../state.ts'
import { t, toLength, toNumber, tWord } from '../text/text.ts'
import { BroadcastForm } from './broadcastForm.tsx'

/** The list, one of them, or the form for a new one. */
export function BroadcastsView() {
  const [, id] = address.value.path
  if (id === 'new' && mayOperate.value) return <BroadcastForm />
  return id ? <OneBroadcast id={id} /> : <AllBroadcasts />
}

function AllBroadcasts() {
  const list = useAsk<List<Broadcast>>('/broadcasts', 2)
  return (
    <>
      {mayOperate.value && (
        <p>
          <a class="button main" href="#/broadcasts/new">
            {t('broadcast.new')}
          </a>
        </p>
      )}
      <Loaded asked={list}>
        {({ items }) =>
          items.length === 0 ? (
            <Notice>{t('broadcast.none')}</Notice>
          ) : (
            <Grid
              label={t('nav.broadcasts')}
              head={[
                'broadcast.name',
                'push.status',
                'broadcast.progress',
                'broadcast.failed',
                'broadcast.created',
              ]}
            >
              {items.map((one) => (
                <tr key={`${one.account} ${one.id}`}>
                  <td>
                    <a href={`#/broadcasts/${encodeURIComponent(one.id)}`}>{one.name ?? one.id}</a>
                  </td>
                  <td>
                    <Badge word={one.status} /> {one.reason && tWord('reason', one.reason)}
                  </td>
                  <td>
                    <Progress one={one} />
                  </td>
                  <td>{toNumber(toFailed(one))}</td>
                  <td>
                    <When iso={one.createdAt} />
                  </td>
                </tr>
              ))}
            </Grid>
          )
        }
      </Loaded>
    </>
  )
}

type Counts = Record<string, number>

function toFailed({ counts }: Broadcast): number {
  const { undelivered = 0, rejected = 0, unknown = 0 }: Counts = counts
  return undelivered + rejected + unknown
}

function Progress({ one: { counts } }: { one: Broadcast }) {
  const { selected = 0, waiting = 0 }: Counts = counts
  const label = t('broadcast.done', { done: selected - waiting, selected })
  return (
    <>
      <progress aria-label={label} value={selected - waiting} max={Math.max(1, selected)} /> {label}
    </>
  )
}

function OneBroadcast({ id }: { id: string }) {
  const path = `/broadcasts/${encodeURIComponent(id)}`
  const asked = useAsk<Broadcast>(path, 1)
  return (
    <>
      <p>
        <a href="#/broadcasts">{t('back')}</a>
      </p>
      <Loaded asked={asked}>
        {(one) => (
          <>
            <Panel title={one.name ?? one.id} aside={<Badge word={one.status} />}>
              <p>
                <Progress one={one} />
                {one.etaSeconds !== null &&
                  ` · ${t('broadcast.eta', { length: toLength(one.etaSeconds * 1_000) })}`}
                {one.rate.perSecond > 0 && ` · ${t('account.rate.is', { now: one.rate.perSecond })}`}
              </p>
              {one.reason && (
                <Notice tone="warn">
                  {tWord('reason', one.reason)} {one.detail}
                </Notice>
              )}
              {mayOperate.value && <Controls path={path} one={one} reload={asked.reload} />}
              <dl class="facts">
                {Object.entries<number>(one.counts).map(([name, count]) => (
                  <div key={name}>
                    <dt>{tWord('status', name)}</dt>
                    <dd>{toNumber(count)}</dd>
                  </div>
                ))}
              </dl>
              <CanaryText canary={one.canary} />
              <p class="faint">
                {one.id} · {one.account} · {one.templateId} · <When iso={one.createdAt} />
              </p>
            </Panel>
            <Panel title={t('reasons')}>
              <ReasonBars reasons={one.reasons} broadcast={one.id} />
            </Panel>
          </>
        )}
      </Loaded>
    </>
  )
}

function CanaryText({ canary }: Pick<Broadcast, 'canary'>) {
  if (!canary) return null
  const { share, sent, delivered, undelivered, state } = canary
  const facts = { share, delivered, sent: sent + delivered + undelivered, state: tWord('status', state) }
  return <p>{t('broadcast.canary.is', facts)}</p>
}

function Controls({ path, one, reload }: { path: string; one: Broadcast; reload(): void }) {
  const { status, counts } = one
  const { waiting = 0 }: Counts = counts
  const isOpen = status === 'running' || status === 'paused' || status === 'scheduled'
  const run = (verb: string) => async () => {
    await ask(`${path}/${verb}`, {})
    reload()
  }
  return (
    <p class="row">
      {(status === 'running' || status === 'scheduled') && <Act label={t('do.pause')} run={run('pause')} />}
      {status === 'paused' && <Act kind="main" label={t('do.resume')} run={run('resume')} />}
      {isOpen && (
        <Act
          kind="danger"
          label={t('broadcast.cancel')}
          confirm={t('broadcast.cancel.what', { n: waiting })}
          run={run('cancel')}
        />
      )}
      {status === 'finished' && (
        <Act label={t('broadcast.retry')} confirm={t('broadcast.retry.what')} run={run('retry')} />
      )}
      {isOpen || (
        <Act
          label={t('broadcast.like')}
          run={() => go(`/broadcasts/new${toQuery({ account: one.account, template: one.templateId })}`)}
        />
      )}
    </p>
  )
}
