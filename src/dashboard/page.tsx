import { render } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ask } from './api.ts'
import { followServer, toggleLive } from './live.ts'
import { Dialog, Notice } from './parts.tsx'
import { LoginForm, PageFooter } from './settings.tsx'
import { address, connection, go, mayRead, type PageSession, session } from './state.ts'
import { type TextKey, t } from './text/text.ts'
import { BroadcastsView } from './views/broadcasts.tsx'
import { AuditView, DoctorView, TemplatesView } from './views/checks.tsx'
import { FailedView } from './views/failed.tsx'
import { OverviewView } from './views/overview.tsx'
import { SearchView } from './views/search.tsx'

const views = {
  overview: OverviewView,
  search: SearchView,
  failed: FailedView,
  broadcasts: BroadcastsView,
  templates: TemplatesView,
  doctor: DoctorView,
  audit: AuditView,
}
type ViewName = keyof typeof views

function isView(word: string | undefined): word is ViewName {
  return word !== undefined && Object.hasOwn(views, word)
}

function Page() {
  if (session.value === undefined) return <p class="faint">{t('loading')}</p>
  return (
    <>
      {session.value === null ? <LoginForm /> : <Views />}
      <PageFooter />
    </>
  )
}

function Views() {
  const main = useRef<HTMLElement>(null)
  const asked = address.value.path[0]
  // A key that may not read sees pushes by their ids, and nothing else.
  const names = Object.keys(views)
    .filter(isView)
    .filter((name) => mayRead.value || name === 'search')
  const name = isView(asked) && names.includes(asked) ? asked : (names[0] ?? 'search')
  const View = views[name]
  const title = t(`nav.${name}` satisfies TextKey)
  // Who works with a screen reader hears where a link has led.
  const place = address.value.path.join('/')
  const last = useRef(place)
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    document.title = `${title} · unionpush`
    if (last.current !== place && !main.current?.contains(document.activeElement)) main.current?.focus()
    last.current = place
    // On a narrow screen only some of the links fit.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [place, title])
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('skip')}
      </button>
      <nav ref={nav} aria-label={t('nav')}>
        <strong>unionpush</strong>
        {names.map((word) => (
          <a key={word} href={`#/${word}`} aria-current={word === name ? 'page' : undefined}>
            {t(`nav.${word}` satisfies TextKey)}
          </a>
        ))}
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <h1>{title}</h1>
        {connection.value === 'gone' && <Notice tone="bad">{t('gone')}</Notice>}
        <View />
      </main>
      <Keys names={names} />
    </>
  )
}

/** Single keys, which do nothing while something is typed; `?` lists them. */
function Keys({ names }: { names: readonly ViewName[] }) {
  const [isOpen, setOpen] = useState(false)
  // Before it is painted: who sees the page may press a key.
  useLayoutEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const name = names[Number(event.key) - 1]
      if (event.key === '?') setOpen(true)
      else if (document.querySelector('dialog[open]')) return
      else if (event.key === '/') find()
      else if (event.key === 'l') toggleLive()
      else if (event.key === 'j' || event.key === 'k') moveRow(event.key === 'j' ? 1 : -1)
      else if (name) go(`/${name}`)
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [names])
  return (
    <>
      <button type="button" class="help" aria-label={t('keys')} onClick={() => setOpen(true)}>
        ?
      </button>
      {isOpen && (
        <Dialog title={t('keys')} close={() => setOpen(false)}>
          <dl class="keys">
            {names.map((name, i) => (
              <Key key={name} name={String(i + 1)} does={t(`nav.${name}` satisfies TextKey)} />
            ))}
            <Key name="/" does={t('keys.search')} />
            <Key name="j k" does={t('keys.rows')} />
            <Key name="l" does={t('keys.live')} />
            <Key name="Tab Enter Space" does={t('keys.tab')} />
            <Key name="Esc" does={t('keys.close')} />
            <Key name="?" does={t('keys.help')} />
          </dl>
          <button type="button" onClick={() => setOpen(false)}>
            {t('close')}
          </button>
        </Dialog>
      )}
    </>
  )
}

function Key({ name, does }: { name: string; does: string }) {
  return (
    <div>
      <dt>
        {name.split(' ').map((part) => (
          <kbd key={part}>{part}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select')
}

function find(): void {
  const box = document.querySelector<HTMLElement>('input[type=search]')
  if (box) box.focus()
  else go('/search')
}

/** To the next or last link or box of a table. */
function moveRow(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('tbody tr')]
  const now = rows.findIndex((row) => row.contains(document.activeElement))
  const next = rows[now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + step))]
  next?.querySelector<HTMLElement>('a, input, button')?.focus()
}

const root = document.getElementById('page')
if (root) render(<Page />, root)
followServer()
ask<PageSession>('/session').then(
  (found) => {
    session.value = found
  },
  () => {
    session.value = null
  },
)
