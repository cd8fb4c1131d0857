import { useEffect, useRef, useState } from 'preact/hooks'
import type { Broadcast, BroadcastPlan } from '../operations/broadcasts/broadcasts.ts'
import type { CheckResult } from '../operations/doctor/check.ts'
import type { MiniprogramUser } from '../operations/listing/miniprogramUser.ts'
import type { Overview } from '../operations/monitoring/overview.ts'
import type { AuditAnswer } from '../operations/reports/audit.ts'
import type { loadOutcomes } from '../operations/reports/outcomes.ts'
import type { ShownPush } from '../operations/show.ts'
import type { AccountStatus, Status } from '../operations/status.ts'
import type { TemplateAnswer } from '../operations/templates.ts'
import { language, pulse, session } from './state.ts'

export type {
  AccountStatus,
  AuditAnswer,
  Broadcast,
  BroadcastPlan,
  CheckResult,
  MiniprogramUser,
  Overview,
  ShownPush,
  Status,
  TemplateAnswer,
}

export type Outcomes = Awaited<ReturnType<typeof loadOutcomes>>
/** Counts by how pushes ended, from `at` on. */
export type Bucket = Outcomes['buckets'][number]
export type OutcomeName = Exclude<keyof Bucket, 'at'>
export interface List<T> {
  items: T[]
  /** Where the next part begins. */
  next?: string | null
}

/** What the server said no with, in the reader's language. */
export class AskError extends Error {
  override readonly name = 'AskError'
  readonly status: number
  readonly type: string

  constructor(status: number, type: string, detail: string) {
    super(detail)
    this.status = status
    this.type = type
  }
}

/** This server has no such route: an older one, or one with another database. */
export function isMissing(error: Error | undefined): boolean {
  return error instanceof AskError && (error.type.endsWith(':no_route') || error.status === 501)
}

/** Several accounts have a push by this id. */
export function isAmbiguous(error: Error | undefined): boolean {
  return error instanceof AskError && error.type.endsWith(':ambiguous_push')
}

/** A text is sent as lines of JSON, all else as JSON. Rejects with an AskError; status 0 = the server did not answer. */
export async function ask<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const isLines = typeof body === 'string'
  const type = isLines ? 'application/x-ndjson' : 'application/json'
  const who = session.peek()
  let response: Response
  let text: string
  try {
    response = await fetch(`/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'accept-language': language.value,
        ...(body !== undefined && { 'content-type': type, 'x-unionpush-page': '1' }),
      },
      ...(body !== undefined && { body: isLines ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    })
    text = await response.text()
  } catch (error) {
    if (signal?.aborted) throw error
    throw new AskError(0, 'away', '')
  }
  if (response.ok) return toAnswer<T>(text)
  // Whoever has logged in since is not logged out by what was asked before.
  if (response.status === 401 && path !== '/session' && session.peek() === who) session.value = null
  const problem = toProblem(text)
  // What has no problem to tell is not our server.
  if (response.status >= 500 && problem.type === '') throw new AskError(0, 'away', '')
  throw new AskError(
    response.status,
    problem.type,
    problem.detail || `${response.status} ${response.statusText}`,
  )
}

/** Something between the browser and the server may answer in its place, with a page of its own. */
function toAnswer<T>(text: string): T {
  try {
    return JSON.parse(text)
  } catch {
    throw new AskError(0, 'away', '')
  }
}

function toProblem(text: string): { type: string; detail: string } {
  try {
    return { type: '', detail: '', ...JSON.parse(text) }
  } catch {
    return { type: '', detail: '' }
  }
}

/** In UTF-8, or as Excel in China saves it. */
export async function readText(file: File): Promise<string> {
  const bytes = await file.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

export interface LiveAnswer<T> {
  data: T | undefined
  error: Error | undefined
  reload(): void
}

interface LastAnswer<T> {
  of: string | null
  data: T | undefined
  error: Error | undefined
}

/**
 * What the server answers to a path, in the language that is chosen; null = nothing is asked. With `seconds` it is asked
 * again when something has changed, but not more often than that, and not before it has answered. What was there stays until the new is, also when the path has changed under the same name.
 */
export function useAsk<T>(path: string | null, seconds = 0, body?: object, name?: string): LiveAnswer<T> {
  const [answer, setAnswer] = useState<LastAnswer<T>>()
  const [turn, setTurn] = useState(0)
  const last = useRef({ at: 0, beat: 0, isOpen: false })
  const beat = seconds > 0 ? pulse.value : 0
  const spoken = language.value
  const question = path && JSON.stringify([path, body])
  const of = name ?? question
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    const asked = { at: 0, beat: pulse.peek(), isOpen: true }
    last.current = asked
    const end = () => Object.assign(asked, { at: Date.now(), isOpen: false })
    ask<T>(path, body, stop.signal).then(
      (data) => {
        end()
        setAnswer({ of, data, error: undefined })
      },
      (error: Error) => {
        end()
        if (stop.signal.aborted) return
        setAnswer((last) => ({
          of,
          data: last?.of === of ? last.data : undefined,
          error,
        }))
      },
    )
    return () => stop.abort()
  }, [question, turn, spoken])
  // The last change is asked for too, when its time has come, unless nobody looks any more.
  useEffect(() => {
    const { at, isOpen, ...asked } = last.current
    if (isOpen || beat <= asked.beat) return
    const wait = at + seconds * 1_000 - Date.now()
    const timer = setTimeout(() => document.hidden || setTurn((turn) => turn + 1), Math.max(0, wait))
    return () => clearTimeout(timer)
  }, [beat, answer])
  const own = answer?.of === of ? answer : undefined
  return { data: own?.data, error: own?.error, reload: () => setTurn((turn) => turn + 1) }
}

/** Where a push is asked about, and what follows it: in its own account, because another may have one by the same id. */
export function toPath({ id, account }: Pick<ShownPush, 'id' | 'account'>, verb = ''): string {
  return `/pushes/${encodeURIComponent(id)}${verb}${toQuery({ account })}`
}

/** `?a=1&b=2` of what is given. */
export function toQuery(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
