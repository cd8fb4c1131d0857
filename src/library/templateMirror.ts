import { existsSync } from 'node:fs'
import type { AccountName } from '../base/accounts/accountName.ts'
import type { DatabaseConfig } from '../base/config.ts'
import { minute, second } from '../base/duration.ts'
import { findKeywordFaults, type KnownTemplates } from '../operations/enqueue/keywords.ts'
import type { FindFaults } from '../push/producer.ts'
import { createDeadlines } from '../queue/deadline.ts'
import { toNeededKeywords } from '../wechat/keywords.ts'

/** By template id. */
type Needed = ReadonlyMap<string, readonly string[]>

/** How long a list is taken for all there is; that it cannot be read, too. */
const listLife = minute
/** A push waits no longer for what may be known. */
const patience = 3 * second
const unknown: Needed = new Map()
const none: readonly string[] = []

/**
 * What the templates that are on record ask of a message, where the database is at hand. A producer needs none: without it,
 * or when it cannot be read, nothing is known.
 */
function createTemplateMirror(
  database: DatabaseConfig,
  appid: string,
  now = Date.now,
): KnownTemplates['templateCheck'] {
  const deadlines = createDeadlines()
  let known: { at: number; needed: Needed } | undefined
  let reading: Promise<Needed> | undefined
  /** Whoever comes while that lasts waits no more. */
  let isLate = false

  function read(): Promise<Needed> {
    reading ??= readNeeded(database, appid).then((needed) => {
      known = { at: now(), needed }
      reading = undefined
      isLate = false
      return needed
    })
    return reading
  }

  async function readInTime(): Promise<Needed> {
    try {
      return await deadlines.before(Date.now() + patience, read())
    } catch {
      isLate = true
      return unknown
    }
  }

  return {
    findMissingKeywords(message) {
      const findMissing = (needed: Needed) =>
        needed.get(message.templateId)?.filter((key) => !(key in message.data)) ?? none
      if (known && Math.abs(now() - known.at) < listLife) return findMissing(known.needed)
      return isLate ? [] : readInTime().then(findMissing)
    },
  }
}

async function readNeeded(database: DatabaseConfig, appid: string): Promise<Needed> {
  if (database.engine === 'sqlite' && !existsSync(database.path)) return unknown
  try {
    const { listKnownTemplates } = await import('../db/open.ts')
    const templates = await listKnownTemplates(database, appid)
    return new Map(templates.map(({ templateId, content }) => [templateId, toNeededKeywords(content)]))
  } catch {
    return unknown
  }
}

/** For producers of several accounts. */
export function createFindFaults(accounts: readonly AccountName[], database: DatabaseConfig): FindFaults {
  const known = accounts.map(({ name, appid }) => {
    return { name, appid, templateCheck: createTemplateMirror(database, appid) }
  })
  return (destinations) => findKeywordFaults(known, destinations)
}
