import type { Writable } from 'node:stream'
import { second } from '../../../base/duration.ts'
import { every } from '../../../base/every.ts'
import type { Log } from '../../../base/log.ts'
import { createOutage } from '../../../base/outage.ts'
import type { Language } from '../../../base/sentences/language.ts'
import { inLanguage } from '../../../base/sentences/stored.ts'
import {
  type ChangeEvent,
  type ChangesAccount,
  createChanges,
  loadFinished,
} from '../../../operations/reports/changes.ts'

/** What a client is behind by until it is let go; it comes back and resumes. */
const longestBacklog = 128 * 1024
/** Kept for those who come back. */
const mostKept = 1_000
const heartbeat = 15 * second

/** When it was told, and its number: later ones are greater. */
interface Place {
  at: number
  serial: number
}

interface Told extends Place {
  textIn: TextIn
}

interface Client {
  language: Language
  /** What is to be told to it when it has heard what it missed. */
  waiting: TextIn[] | undefined
}

/** One text for all who read that language. */
type TextIn = (language: Language) => string

interface FeedDeps {
  accounts(): readonly ChangesAccount[]
  log: Log
}

/** One look a second for all clients, and none without any. */
export function createFeed({ accounts, log }: FeedDeps) {
  const clients = new Map<Writable, Client>()
  let kept: Told[] = []
  let serial = 0
  let stop: (() => void) | undefined
  let latestStatus: TextIn = () => ''
  let quietSince = 0

  function start(): void {
    const look = createChanges(accounts)
    const outage = createOutage<unknown>({
      onFail: (error) => log.warn({ err: error }, 'changes cannot be told to API clients'),
      onPass: () => log.info('changes are told to API clients again'),
    })
    quietSince = Date.now()
    stop = every(
      second,
      async () => {
        const changes = await look()
        outage.pass()
        for (const change of changes) tell(change)
        if (Date.now() - quietSince > heartbeat) send(() => ':\n\n')
      },
      outage.fail,
    )
  }

  function tell(change: ChangeEvent): void {
    serial += 1
    const at = Date.now()
    const textIn = toTexts(change, `${at}.${serial}`)
    if (change.event === 'status') latestStatus = textIn
    else kept = [...kept.slice(1 - mostKept), { at, serial, textIn }]
    send(textIn)
  }

  function send(textIn: TextIn): void {
    quietSince = Date.now()
    for (const [stream, { language, waiting }] of clients) {
      if (waiting) waiting.push(textIn)
      else if (stream.writableLength > longestBacklog) stream.destroy()
      else stream.write(textIn(language))
    }
  }

  return {
    /** Until it goes; from where it was, as far as that is known. */
    async add(stream: Writable, language: Language, lastEventId: string | undefined): Promise<void> {
      const client: Client = { language, waiting: undefined }
      clients.set(stream, client)
      stream.once('close', () => leave(stream))
      stream.write(`retry: ${second}\n\n${latestStatus(language)}`)
      if (!stop) start()
      const last = parseId(lastEventId)
      if (last) await tellMissed(stream, client, last)
    },
    count: () => clients.size,
    close(): void {
      for (const client of clients.keys()) client.end()
    },
  }

  function leave(stream: Writable): void {
    clients.delete(stream)
    if (clients.size > 0) return
    stop?.()
    stop = undefined
    latestStatus = () => ''
  }

  /** What happens while the database is asked comes after it. Whom it does not answer comes back and asks again. */
  async function tellMissed(stream: Writable, client: Client, last: Place): Promise<void> {
    const waiting: TextIn[] = []
    client.waiting = waiting
    try {
      for (const textIn of await findMissed(last)) stream.write(textIn(client.language))
    } catch (error) {
      stream.destroy()
      throw error
    }
    client.waiting = undefined
    for (const textIn of waiting) stream.write(textIn(client.language))
  }

  async function findMissed(last: Place): Promise<TextIn[]> {
    if (kept.some((one) => one.at === last.at && one.serial === last.serial)) {
      return kept.filter((one) => one.serial > last.serial).map(({ textIn }) => textIn)
    }
    // Another process told it, or it is long ago: what has ended since then is in the table.
    const records = await loadFinished(accounts(), last.at)
    return records.map((data) => toTexts({ event: 'push', data }, `${last.at}.0`))
  }
}

/** Written when the first client asks for it. */
function toTexts({ event, data }: ChangeEvent, id: string): TextIn {
  const texts = new Map<Language, string>()
  return (language) => {
    const told = () => JSON.stringify(inLanguage<unknown>(data, language))
    const text = texts.get(language) ?? `id: ${id}\nevent: ${event}\ndata: ${told()}\n\n`
    texts.set(language, text)
    return text
  }
}

function parseId(id: string | undefined): Place | undefined {
  const [, at, serial] = /^(\d{13})\.(\d{1,15})$/.exec(id ?? '') ?? []
  return at === undefined ? undefined : { at: Number(at), serial: Number(serial) }
}
