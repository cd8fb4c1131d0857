import { useState } from 'preact/hooks'
import { ask } from './api.ts'
import { toggleLive } from './live.ts'
import { Act, Notice, toSentence } from './parts.tsx'
import { connection, language, mayRead, type PageSession, session, theme } from './state.ts'
import { t, tWord } from './text/text.ts'

export function LoginForm() {
  const [error, setError] = useState<Error>()
  const [isBusy, setBusy] = useState(false)

  async function logIn(event: SubmitEvent & { currentTarget: HTMLFormElement }) {
    event.preventDefault()
    const key = new FormData(event.currentTarget).get('key')
    setBusy(true)
    setError(undefined)
    try {
      session.value = await ask<PageSession>('/session', { key })
    } catch (problem) {
      setError(problem instanceof Error ? problem : new Error(String(problem)))
    } finally {
      setBusy(false)
    }
  }

  return (
    <main class="login">
      <h1>unionpush</h1>
      <form onSubmit={logIn}>
        <label for="key">{t('login.key')}</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          required
          aria-describedby="key-hint"
        />
        <p id="key-hint" class="faint">
          {t('login.hint')}
        </p>
        <button type="submit" class="main" disabled={isBusy}>
          {t('login.in')}
        </button>
        {error && <Notice tone="bad">{toSentence(error)}</Notice>}
      </form>
    </main>
  )
}

export function PageFooter() {
  const who = session.value
  return (
    <footer>
      <label>
        {t('language')}{' '}
        <select
          value={language.value}
          onChange={({ currentTarget }) => {
            language.value = currentTarget.value === 'zh' ? 'zh' : 'en'
          }}
        >
          <option value="zh" lang="zh-CN">
            中文
          </option>
          <option value="en" lang="en">
            English
          </option>
        </select>
      </label>
      <label>
        {t('theme')}{' '}
        <select
          value={theme.value}
          onChange={({ currentTarget: { value } }) => {
            theme.value = value === 'light' || value === 'dark' ? value : 'auto'
          }}
        >
          <option value="auto">{t('theme.auto')}</option>
          <option value="light">{t('theme.light')}</option>
          <option value="dark">{t('theme.dark')}</option>
        </select>
      </label>
      {who && (
        <>
          {mayRead.value && (
            <>
              <span class={`connection ${connection.value}`} role="status">
                {tWord('connection', connection.value)}
              </span>
              <Act label={t(connection.value === 'stopped' ? 'live.on' : 'live.off')} run={toggleLive} />
            </>
          )}
          <span class="faint">
            {who.name} · {tWord('role', who.role)}
          </span>
          <Act label={t('login.out')} run={() => logOut(false)} />
          <Act
            label={t('login.out_everywhere')}
            confirm={t('login.out_everywhere.what')}
            run={() => logOut(true)}
          />
        </>
      )}
    </footer>
  )
}

async function logOut(everywhere: boolean): Promise<void> {
  await ask('/session/end', { everywhere })
  session.value = null
}
