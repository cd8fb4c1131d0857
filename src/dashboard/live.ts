import { effect } from '@preact/signals'
import type { Status } from '../operations/status.ts'
import { AskError, ask } from './api.ts'
import { connection, language, mayRead, pulse, session, status } from './state.ts'

/** Milliseconds between questions where the server tells nothing by itself, or after it was gone. */
const pause = 2_000
/** After so long without a word it is asked, because a server that hangs ends no connection. */
const silence = 20_000
/** What has not been answered by then is not waited for. */
const patience = 10_000

let source: EventSource | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let looking: AbortController | undefined

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
    resume()
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
  if (!source && !looking && timer === undefined) void look()
}

function leave(): void {
  source?.close()
  source = undefined
  looking?.abort()
  looking = undefined
  clearTimeout(timer)
  timer = undefined
}

function isFollowing(): boolean {
  return Boolean(session.peek()) && connection.peek() !== 'stopped' && !document.hidden
}

/** The whole status once; says whether the server answers, and listens to it or comes again. */
async function look(): Promise<void> {
  const own = new AbortController()
  looking = own
  const end = setTimeout(() => own.abort(), patience)
  try {
    status.value = await ask<Status>('/status', undefined, own.signal)
    if (connection.peek() === 'gone') connection.value = 'polling'
    pulse.value += 1
  } catch (error) {
    const isAway = !(error instanceof AskError) || error.status === 0
    if (looking === own && isAway && isFollowing()) connection.value = 'gone'
  } finally {
    clearTimeout(end)
  }
  // Nobody looks any more, or another has begun.
  if (looking !== own) return
  looking = undefined
  if (!isFollowing()) return
  if (connection.peek() === 'gone') {
    source?.close()
    source = undefined
    lookIn(pause)
  } else if (source) lookIn(silence)
  else listen()
}

function lookIn(ms: number): void {
  clearTimeout(timer)
  timer = setTimeout(() => {
    timer = undefined
    void look()
  }, ms)
}

/** Where there are no events this fails at once, and then the server is asked. */
function listen(): void {
  const opened = new EventSource(`/v1/events?language=${language.peek()}`)
  source = opened
  lookIn(silence)
  opened.addEventListener('open', () => {
    connection.value = 'live'
  })
  opened.addEventListener('status', ({ data }) => {
    // It is newer than what is being asked for.
    looking?.abort()
    looking = undefined
    status.value = JSON.parse(data)
    pulse.value += 1
    lookIn(silence)
  })
  for (const name of ['push', 'broadcast']) opened.addEventListener(name, beat)
  opened.addEventListener('error', () => {
    opened.close()
    if (source !== opened) return
    source = undefined
    lookIn(pause)
    if (connection.peek() === 'live') connection.value = 'polling'
  })
}

/** Many pushes make one beat, which comes after the last of them too. */
let lastBeat = 0
let nextBeat: ReturnType<typeof setTimeout> | undefined
function beat(): void {
  if (nextBeat !== undefined) return
  const wait = lastBeat + 1_000 - Date.now()
  nextBeat = setTimeout(
    () => {
      nextBeat = undefined
      lastBeat = Date.now()
      pulse.value += 1
    },
    Math.max(0, wait),
  )
}
