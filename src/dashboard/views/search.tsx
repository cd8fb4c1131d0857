import { useLayoutEffect, useRef } from 'preact/hooks'
import {
  AskError,
  isAmbiguous,
  isMissing,
  type List,
  type MiniprogramUser,
  type ShownPush,
  toPath,
  toQuery,
  useAsk,
} from '../api.ts'
import { ErrorNotice, Notice, Panel, When } from '../parts.tsx'
import { address, go, mayRead, status } from '../state.ts'
import { t } from '../text/text.ts'
import { PushTable, Story } from './push.tsx'

interface FoundFollower {
  unionid: string
  openid: string
  account: string
  subscribed: boolean
  subscribeTime: string | null
  unsubscribedAt: string | null
  remark: string | null
  isShared: boolean
}

export function SearchView() {
  const word = address.value.query.get('q') ?? ''
  const box = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => {
    if (word === '') box.current?.focus()
  }, [word])
  return (
    <>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault()
          go(`/search${toQuery({ q: box.current?.value.trim() })}`)
        }}
      >
        <label for="q">{t(mayRead.value ? 'search.what' : 'search.id')}</label>
        <div class="row">
          <input
            ref={box}
            id="q"
            type="search"
            class="grow"
            key={word}
            defaultValue={word}
            autocomplete="off"
            spellcheck={false}
          />
          <button type="submit" class="main">
            {t('search.go')}
          </button>
        </div>
      </form>
      {word !== '' && <Results key={word} word={word} />}
    </>
  )
}

/** One box for every kind of id: all of them are looked for, because nothing in an id says for sure what it is. */
function Results({ word }: { word: string }) {
  const may = (path: string) => (mayRead.value ? path : null)
  // With the way it went through the accounts, unless several have one by this id, each its own.
  const anywhere = useAsk<ShownPush>(`/pushes/${encodeURIComponent(word)}`, 1)
  const account = isAmbiguous(anywhere.error) && address.value.query.get('account')
  const inAccount = useAsk<ShownPush>(account ? toPath({ id: word, account }) : null, 1)
  const push = account ? inAccount : anywhere
  const cursor = address.value.query.get('cursor') ?? undefined
  const list = (filter: Record<string, string>) => may(`/pushes${toQuery({ ...filter, limit: 50, cursor })}`)
  const isMsgid = /^\d{5,20}$/.test(word)
  const lists = [
    useAsk<List<ShownPush>>(list({ unionid: word }), 2),
    useAsk<List<ShownPush>>(list({ openid: word }), 2),
    useAsk<List<ShownPush>>(isMsgid ? list({ msgid: word }) : null, 2),
  ]
  const user = useAsk<MiniprogramUser>(may(`/users/${encodeURIComponent(word)}`))
  const ofUser = user.data?.unionid
  lists.push(useAsk<List<ShownPush>>(ofUser ? list({ unionid: ofUser }) : null, 2))
  const named = push.data?.unionid ?? lists.flatMap(({ data }) => data?.items[0]?.unionid ?? [])[0]
  const unionid = named ?? ofUser ?? word
  const person = useAsk<FoundFollower | { accounts: FoundFollower[] }>(
    may(`/followers/${encodeURIComponent(unionid)}`),
    10,
  )
  const followers = person.data && ('accounts' in person.data ? person.data.accounts : [person.data])
  const pushes = lists.flatMap(({ data }) => data?.items ?? []).filter(({ id }) => id !== push.data?.id)
  const next = lists.flatMap(({ data }) => data?.next ?? [])[0]
  const asked = [push, person, user, ...lists]
  const errors = asked.flatMap(({ error }) => (error && !isUnknown(error) ? [error] : []))
  // Before all of them have answered nobody knows that there is nothing.
  const needed = mayRead.value ? [push, user, person, ...lists.slice(0, isMsgid ? 3 : 2)] : [push]
  const isDone = needed.every(({ data, error }) => data || error)
  const isNothing =
    isDone &&
    !isAmbiguous(push.error) &&
    !push.data &&
    !user.data &&
    !followers?.length &&
    pushes.length === 0 &&
    errors.length === 0
  return (
    <>
      {push.data && <Story push={push.data} reload={push.reload} />}
      {isNothing && <Notice>{t('search.nothing', { word })}</Notice>}
      {user.data && <UserPanel user={user.data} />}
      {followers?.map((follower) => (
        <FollowerPanel key={follower.account + follower.openid} follower={follower} />
      ))}
      {pushes.length > 0 && (
        <Panel title={t('search.pushes')}>
          <PushTable pushes={pushes} label={t('search.pushes')} />
          {next && (
            <p>
              <a href={`#/search${toQuery({ q: word, cursor: next })}`}>{t('older')}</a>
            </p>
          )}
        </Panel>
      )}
      {isAmbiguous(push.error) && (
        <p class="row">
          <span>{t('search.which')}</span>
          {status.value?.accounts.map(({ account }) => (
            <a key={account} href={`#/search${toQuery({ q: word, account })}`}>
              {account}
            </a>
          ))}
        </p>
      )}
      {errors.slice(0, 1).map((error) => (
        <ErrorNotice key={error.message} error={error} />
      ))}
    </>
  )
}

/** That there is nothing by such an id is an answer. */
function isUnknown(error: Error): boolean {
  return error instanceof AskError && (error.status === 404 || error.status === 400) && !isMissing(error)
}

function UserPanel({ user: { openid, appid, unionid } }: { user: MiniprogramUser }) {
  return (
    <Panel title={t('user', { appid })}>
      <p>{t(unionid === null ? 'user.nameless' : 'user.known')}</p>
      <Ids openid={openid} unionid={unionid} />
    </Panel>
  )
}

function Ids({ unionid, openid }: { unionid: string | null; openid: string }) {
  return (
    <dl class="facts">
      {Object.entries({ unionid, openid }).map(([name, id]) => (
        <div key={name} hidden={id === null}>
          <dt>{name}</dt>
          <dd>
            <code>{id}</code>
          </dd>
        </div>
      ))}
    </dl>
  )
}

function FollowerPanel({ follower }: { follower: FoundFollower }) {
  const { unionid, openid, account, subscribed, subscribeTime, unsubscribedAt, remark, isShared } = follower
  return (
    <Panel title={t('follower', { account })} name={`${t('follower', { account })} ${openid}`}>
      <p>
        {subscribed ? t('follower.follows') : t('follower.left')}{' '}
        <When iso={subscribed ? subscribeTime : unsubscribedAt} />
        {remark && ` · ${t('follower.remark', { remark })}`}
      </p>
      {isShared && <Notice tone="warn">{t('follower.shared')}</Notice>}
      <Ids unionid={unionid} openid={openid} />
    </Panel>
  )
}
