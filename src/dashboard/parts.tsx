import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { AskError, isMissing, type LiveAnswer } from './api.ts'
import { type TextKey, t, toAgo, toTime, tWord } from './text/text.ts'

export type Tone = 'ok' | 'warn' | 'bad' | 'plain'

const tones: Record<string, Tone> = {
  ...{ delivered: 'ok', ok: 'ok', finished: 'ok', sent: 'ok', running: 'ok', complete: 'ok' },
  ...{ undelivered: 'bad', rejected: 'bad', unknown: 'bad', fail: 'bad', stopped: 'bad' },
  ...{ skipped: 'warn', warn: 'warn', paused: 'warn', interrupted: 'warn', cancelled: 'warn' },
}

export function Badge({ word, tone = tones[word] ?? 'plain' }: { word: string; tone?: Tone }) {
  return <span class={`badge ${tone}`}>{tWord('status', word)}</span>
}

export function When({ iso, ago = false }: { iso: string | null | undefined; ago?: boolean }) {
  if (!iso) return <span class="faint">–</span>
  return (
    <time dateTime={iso} title={new Date(iso).toLocaleString()}>
      {ago ? toAgo(iso) : toTime(iso)}
    </time>
  )
}

export function Notice({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  )
}

export function Panel({
  title,
  name,
  aside,
  children,
}: {
  title: string
  /** Where another panel may have the same title. */
  name?: string
  aside?: ComponentChildren
  children: ComponentChildren
}) {
  const id = useId()
  return (
    <section class="panel" aria-label={name} aria-labelledby={name ? undefined : id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** What was asked for, or why it is not there. */
export function Loaded<T>({
  asked,
  children,
}: {
  asked: LiveAnswer<T>
  children(data: T): ComponentChildren
}) {
  const { data, error } = asked
  return (
    <>
      {error && <ErrorNotice error={error} retry={asked.reload} />}
      {data !== undefined && children(data)}
      {data === undefined && !error && <p class="faint">{t('loading')}</p>}
    </>
  )
}

export function ErrorNotice({ error, retry }: { error: Error; retry?: () => void }) {
  if (isMissing(error)) return <Notice>{t('error.missing')}</Notice>
  return (
    <Notice tone="bad">
      {toSentence(error)} {retry && <Act label={t('again')} run={retry} />}
    </Notice>
  )
}

export function toSentence(error: Error): string {
  return error instanceof AskError && error.status === 0 ? t('error.away') : error.message
}

interface ActProps {
  label: string
  run(): unknown
  /** Asked before it is done; says what will happen. */
  confirm?: string | undefined
  kind?: 'plain' | 'main' | 'danger'
  disabled?: boolean
}

/** A button that shows that it works on it, asks where that is due, and says what went wrong. */
export function Act({ label, run, confirm, kind = 'plain', disabled = false }: ActProps) {
  const [isBusy, setBusy] = useState(false)
  // As it was when it was pressed: what somebody reads and agrees to does not change meanwhile.
  const [asking, setAsking] = useState<{ label: string; confirm: string; run(): unknown }>()
  const [error, setError] = useState<Error>()
  async function go(run: () => unknown) {
    setAsking(undefined)
    setBusy(true)
    setError(undefined)
    try {
      await run()
    } catch (problem) {
      setError(problem instanceof Error ? problem : new Error(String(problem)))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <button
        type="button"
        class={kind}
        disabled={disabled || isBusy}
        aria-busy={isBusy}
        onClick={() => (confirm ? setAsking({ label, confirm, run }) : void go(run))}
      >
        {label}
      </button>
      {asking && (
        <Dialog title={asking.label} close={() => setAsking(undefined)}>
          <p>{asking.confirm}</p>
          <p class="row">
            <button
              type="button"
              class={kind === 'danger' ? 'danger' : 'main'}
              onClick={() => void go(asking.run)}
            >
              {asking.label}
            </button>
            <button type="button" onClick={() => setAsking(undefined)}>
              {t('cancel')}
            </button>
          </p>
        </Dialog>
      )}
      {error && (
        <span class="error" role="alert">
          {toSentence(error)}
        </span>
      )}
    </>
  )
}

/** The browser's own: it keeps the focus inside and ends with Escape. */
export function Dialog({
  title,
  close,
  children,
}: {
  title: string
  close(): void
  children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}

export interface GridProps {
  label: string
  head: TextKey[]
  children: JSX.Element[]
}

/** A table that can be scrolled sideways on a narrow screen, also by keyboard. */
export function Grid({ label, head, children }: GridProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrow keys
    <section class="scroll" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map((key) => (
              <th key={key} scope="col">
                {t(key)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}
