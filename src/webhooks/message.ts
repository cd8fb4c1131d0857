import { randomUUID } from 'node:crypto'
import type { Language } from '../base/sentences/language.ts'
import { inLanguage } from '../base/sentences/stored.ts'
import { toIso } from '../base/time.ts'
import { toPushKey, type WebhookChange, type WebhookDelivery } from '../db/webhooks/webhooks.ts'

/** Records in one message. */
export const mostPushes = 100

/** Of other changes: what is a time there. */
const times = ['since', 'probeAt']

/** What is posted, and what it tells of. */
export interface WebhookMessage extends Pick<WebhookDelivery, 'id' | 'type' | 'body'> {
  keys: string[]
  changes: readonly WebhookChange[]
}

/** How those who receive it are spoken to. */
export interface MessageStyle {
  /** What an account is called. */
  nameOf(appid: string): string
  language: Language
}

/**
 * Changes in their order as messages: up to a hundred records each, anything else alone. No push is in two of them, for
 * they travel at the same time: its later changes are left to the next turn.
 */
export function toMessages(changes: readonly WebhookChange[], style: MessageStyle): WebhookMessage[] {
  const messages: WebhookMessage[] = []
  const told = new Set<string>()
  let batch: WebhookChange[] = []
  let inBatch = new Set<string>()
  const close = () => {
    if (batch.length > 0) messages.push(toPushMessage(batch, style))
    for (const key of inBatch) told.add(key)
    batch = []
    inBatch = new Set()
  }
  for (const change of changes) {
    const key = toPushKey(change)
    if (change.key === null) messages.push(toOtherMessage(change, style))
    else if (!told.has(key)) {
      batch.push(change)
      inBatch.add(key)
    }
    if (batch.length === mostPushes) close()
  }
  close()
  return messages
}

/** A message of that type that tells of nothing that is stored. */
export function toMessage(type: string, data: object): WebhookMessage {
  return { ...toEnvelope(type, JSON.stringify(data), Date.now()), keys: [], changes: [] }
}

function toPushMessage(changes: readonly WebhookChange[], style: MessageStyle): WebhookMessage {
  const records = changes.map((change) => toRecord(change, style)).join(',')
  return {
    ...toEnvelope('pushes.updated', `{"pushes":[${records}]}`, Date.now()),
    keys: [...new Set(changes.map(toPushKey))],
    changes,
  }
}

/** The database has written most of it as JSON, and to parse that only to write it again costs more than all else here (bench: webhooks). */
function toRecord(change: WebhookChange, { nameOf, language }: MessageStyle): string {
  const { appid, createdAt, sentAt, finishedAt } = change
  const account = JSON.stringify(nameOf(appid))
  const data = toWords(change.data, language)
  return `{"account":${account},"createdAt":${toJson(createdAt)},"sentAt":${toJson(sentAt)},"finishedAt":${toJson(finishedAt)},${data.slice(1)}`
}

/** Most have no sentence in them. */
function toWords(data: string, language: Language): string {
  return data.includes(storedStart) ? JSON.stringify(inLanguage(JSON.parse(data), language)) : data
}

/** How a sentence that the database keeps begins within JSON. */
const storedStart = JSON.stringify('{"key":').slice(1, -1)

/** Seconds as `2026-11-29T08:00:01.`: many records share one, and three times a record would cost most of all here. */
const seconds = new Map<number, string>()
const mostSeconds = 1_000

function toJson(time: number | null): string {
  if (time === null) return 'null'
  const whole = Math.floor(time / 1_000)
  const prefix = seconds.get(whole) ?? toIso(whole * 1_000).slice(0, -4)
  if (seconds.size >= mostSeconds) seconds.clear()
  seconds.set(whole, prefix)
  return `"${prefix}${String(time - whole * 1_000).padStart(3, '0')}Z"`
}

function toOtherMessage(change: WebhookChange, { nameOf, language }: MessageStyle): WebhookMessage {
  const { type, appid, at } = change
  const told: Record<string, unknown> = inLanguage(JSON.parse(change.data), language)
  for (const name of times) {
    const time = told[name]
    if (typeof time === 'number') told[name] = toIso(time)
  }
  const data = JSON.stringify({ account: nameOf(appid), appid, ...told })
  return { ...toEnvelope(type, data, at), keys: [], changes: [change] }
}

function toEnvelope(type: string, data: string, at: number) {
  const id = `msg_${randomUUID().replaceAll('-', '')}`
  return { id, type, body: `{"type":"${type}","timestamp":"${toIso(at)}","data":${data}}` }
}
