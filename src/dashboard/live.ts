import { effect } from '@preact/signals'
import type { Status } from '../operations/status.ts'
import { AskError, ask } from './api.ts'
import { connection, language, mayRead, pulse, session, status } from './state.ts'

/** Milliseconds between questions where the server tells nothing by itself, or after it was gone. */
const pause = 2_000

let source: EventSource | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Follows the server for as long as somebody is logged in and looks; a tab in the background costs nothing. */
export function followServer(): void {
  effect(() => {
    const isWanted = Boolean(session.value) && mayRead.value
    if (isWanted && connection.value !== 'stopped' && !document.hidden) queueMicrotask(resume)
    else leave()
  })
  // What the server tells is in the language that it was asked in.
  effect(() => {
    if (!language.value || !session.peek() || !mayRead.peek()) return
    leave()
    void look().then(listen)
  })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) leave()
    else if (session.value && connection.value !== 'stopped') resume()
  })
}

export function toggleLive(): void {
  connection.value = connection.value === 'stopped' ? 'polling' : 'stopped'
}

function resume(): void {
  if (source || timer !== undefined) return
  void look().then(() => listen())
}

function leave(): void {
  source?.close()
  source = undefined
  clearTimeout(timer)
  timer = undefined
}

/** The whole status once; says whether the server answers. */
async function look(): Promise<void> {
  try {
    status.value = await ask<Status>('/status')
    if (connection.peek() === 'gone') connection.value = 'polling'
    pulse.value += 1
  } catch (error) {
    if (error instanceof AskError && error.status === 0 && connection.peek() !== 'stopped')
      connection.value = 'gone'
  }
}

function listen(): void {
  if (source || !session.peek() || connection.peek() === 'stopped' || document.hidden) return
  const opened = new EventSource(`/v1/events?language=${language.peek()}`)
  source = opened
  opened.addEventListener('open', () => {
    connection.value = 'live'
  })
  opened.addEventListener('status', ({ data }) => {
    status.value = JSON.parse(data)
    pulse.value += 1
  })
  for (const name of ['push', 'broadcast']) opened.addEventListener(name, beat)
  opened.addEventListener('error', () => {
    opened.close()
    if (source === opened) source = undefined
    askLater()
  })
}

/** Many pushes make one beat. */
let lastBeat = 0
function beat(): void {
  if (Date.now() - lastBeat < 1_000) return
  lastBeat = Date.now()
  pulse.value += 1
}

/** Asks once and then tries to listen again: it fails at once where there are no events. */
function askLater(): void {
  if (timer !== undefined || !session.peek() || connection.peek() === 'stopped' || document.hidden) return
  timer = setTimeout(async () => {
    timer = undefined
    await look()
    listen()
  }, pause)
}
