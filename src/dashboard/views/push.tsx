import type { ComponentChildren } from 'preact'
import { ask, type ShownPush, toPath, toQuery } from '../api.ts'
import { Act, Badge, Grid, Panel, When } from '../parts.tsx'
import { isRetriable, mayComeTwice, toTodo } from '../resend.tsx'
import { mayOperate, mayRead } from '../state.ts'
import { isTextKey, t, toLength, toTime, tWord } from '../text/text.ts'

interface Step {
  at: string | null
  text: string
}

/** What became of a push, as one would tell it, and what can be done now. */
export function Story({ push, reload }: { push: ShownPush; reload(): void }) {
  const { id, status, reason, unionid, openid, templateId, msgid, errcode, rid, way = [] } = push
  const todo = toTodo(push)
  return (
    <Panel title={t('story', { id })} aside={<Badge word={status} />}>
      <ol class="story">
        {tell(push).map(({ at, text }) => (
          <li key={text}>
            {at ? <time dateTime={at}>{toTime(at, true)}</time> : <span />}
            <span>{text}</span>
          </li>
        ))}
      </ol>
      {todo && (
        <p class="todo">
          <b>{t('what_to_do')}</b> {todo}
        </p>
      )}
      {mayOperate.value && (
        <p class="row">
          {isRetriable(push) && (
            <Act
              kind="main"
              label={t('do.retry')}
              confirm={t(mayComeTwice(push) ? 'do.retry.twice' : 'do.retry.what')}
              run={async () => {
                await ask(toPath(push, '/retry'), {})
                reload()
              }}
            />
          )}
          {status === 'queued' && (
            <Act
              kind="danger"
              label={t('do.cancel')}
              confirm={t('do.cancel.what')}
              run={async () => {
                await ask(toPath(push, '/cancel'), {})
                reload()
              }}
            />
          )}
        </p>
      )}
      <dl class="facts">
        <Fact name="unionid" value={unionid} isLink={mayRead.value} />
        <Fact name="openid" value={openid} isLink={mayRead.value} />
        <Fact name={t('push.template')} value={templateId} />
        <Fact name="msgid" value={msgid} />
        <Fact name="errcode" value={errcode === null ? null : String(errcode)} />
        <Fact name="rid" value={rid} />
        <Fact name={t('push.account')} value={push.account} />
        <Fact name="reason" value={reason} />
      </dl>
      {way.length > 1 && <p>{t('story.way', { names: way.map(({ account }) => account).join(' → ') })}</p>}
    </Panel>
  )
}

function Fact({ name, value, isLink = false }: { name: string; value: string | null; isLink?: boolean }) {
  if (value === null) return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{isLink ? <a href={`#/search?${new URLSearchParams({ q: value })}`}>{value}</a> : value}</code>
      </dd>
    </div>
  )
}

function tell(push: ShownPush): Step[] {
  const { status, createdAt, sentAt, finishedAt, attempts, msgid, reason, detail } = push
  const steps: Step[] = [{ at: createdAt, text: t('story.asked') }]
  const waited = sentAt ? Date.parse(sentAt) - Date.parse(createdAt) : 0
  if (waited > 1_500) steps.push({ at: null, text: t('story.waited', { length: toLength(waited) }) })
  if (attempts > 1) steps.push({ at: null, text: t('story.tried', { n: attempts }) })
  const why = detail ?? (reason ? tWord('reason', reason) : '')
  if (sentAt && msgid !== null) steps.push({ at: sentAt, text: t('story.accepted', { msgid }) })
  else if (status === 'sent') steps.push({ at: sentAt, text: why })
  switch (status) {
    case 'queued':
      steps.push({ at: null, text: toQueued(reason) })
      break
    case 'sending':
      steps.push({ at: null, text: t('story.sending') })
      break
    case 'sent':
      steps.push({ at: null, text: t('story.no_receipt') })
      break
    case 'delivered':
      steps.push({ at: finishedAt, text: t('story.delivered') })
      break
    case 'undelivered':
    case 'rejected':
    case 'skipped':
    case 'unknown':
      steps.push({ at: finishedAt, text: t(`story.${status}`, { why }) })
      break
    default:
      status satisfies never
  }
  return steps
}

function toQueued(reason: string | null): string {
  const key = `story.queued.${reason}`
  return t(isTextKey(key) ? key : 'story.queued.turn')
}

interface PushTableProps {
  pushes: readonly ShownPush[]
  label: string
  /** Those that are ticked; without it nothing can be. */
  chosen?: readonly ShownPush[]
  choose?(push: ShownPush, isChosen: boolean): void
  /** Beside each. */
  aside?(push: ShownPush): ComponentChildren
}

export function PushTable({ pushes, label, chosen = [], choose, aside }: PushTableProps) {
  const ticked = new Set(chosen.map((push) => toPath(push)))
  return (
    <Grid
      label={label}
      head={[
        ...(choose ? (['choose'] as const) : []),
        'push.id',
        'push.status',
        'push.detail',
        'push.asked',
        ...(aside ? (['what_to_do'] as const) : []),
      ]}
    >
      {pushes.map((push) => (
        <tr key={`${push.account} ${push.id}`}>
          {choose && (
            <td>
              {isRetriable(push) && (
                <input
                  type="checkbox"
                  aria-label={t('choose.one', { id: push.id })}
                  checked={ticked.has(toPath(push))}
                  onChange={({ currentTarget }) => choose(push, currentTarget.checked)}
                />
              )}
            </td>
          )}
          <td>
            <a class="id" href={`#/search${toQuery({ q: push.id, account: push.account })}`}>
              {push.id}
            </a>
          </td>
          <td>
            <Badge word={push.status} />
          </td>
          <td class="detail">
            {push.reason && <b>{tWord('reason', push.reason)}</b>} {push.detail}
          </td>
          <td>
            <When iso={push.createdAt} />
          </td>
          {aside && <td>{aside(push)}</td>}
        </tr>
      ))}
    </Grid>
  )
}
