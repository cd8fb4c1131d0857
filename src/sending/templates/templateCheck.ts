import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { minute, second } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { Leases } from '../../db/leases/leases.ts'
import type { Templates } from '../../db/templates.ts'
import type { PushJob } from '../../queue/job.ts'
import type { WechatApi } from '../../wechat/api.ts'
import { toNeededKeywords } from '../../wechat/keywords.ts'

interface RefreshDeps {
  api: Pick<WechatApi, 'listTemplates'>
  templates: Pick<Templates, 'replace'>
}

interface TemplateCheckDeps extends RefreshDeps {
  appid: string
  templates: Pick<Templates, 'find' | 'isGone' | 'replace'>
  leases: Pick<Leases, 'acquire'>
  log: Log
  now?: () => number
}

/** How long a list is taken for all there is. */
const listLife = minute
/** Who asks has one of the sends that may be under way, which others wait for; WeChat may take 15 s. */
const patience = second
/** An account has 25 or so; made-up ids must not fill the memory. */
const mostTemplates = 1_000

export interface TemplateCheck {
  /** How a template stands that WeChat has just denied, by a list that is made now if it may be and soon can. */
  findStanding(templateId: string): Promise<TemplateStanding>
  /**
   * Keywords without a value, which WeChat would refuse the message for; none for a template that nobody has listed. At
   * once where the template is known and nothing is missing, and undefined while WeChat is still asked.
   */
  findMissingKeywords(message: Message): readonly string[] | Promise<readonly string[] | undefined>
}

/** `doubtful`: the account may have it, for there is no new list; `never`: WeChat has never listed it. */
export type TemplateStanding = 'listed' | 'gone' | 'doubtful' | 'never'

type Message = Pick<PushJob, 'templateId' | 'data'>

/** What the listed templates tell of a message. They are listed again before one is refused, at most once a minute over all processes. */
export function createTemplateCheck(deps: TemplateCheckDeps): TemplateCheck {
  const { appid, templates, leases, log, now = Date.now } = deps
  let list: { at: number; isNew: Promise<boolean>; isSlow: Promise<void> } | undefined
  /** By template id; what every push of it would otherwise read anew (bench: send.instant). */
  let needed: { at: number; keywords: Map<string, string[]> } | undefined

  return {
    async findStanding(templateId) {
      const isNew = (await listAgain()) === true
      if ((await templates.find(templateId)) !== undefined) return 'listed'
      if (await templates.isGone(templateId)) return 'gone'
      return isNew ? 'never' : 'doubtful'
    },
    findMissingKeywords(message) {
      return isComplete(message, findKnown(message.templateId)) ? [] : readMissing(message)
    },
  }

  async function readMissing(message: Message): Promise<string[] | undefined> {
    if (isComplete(message, await readNeeded(message.templateId))) return []
    // The template may be another by now than the one that was listed.
    const isNew = await listAgain()
    if (isNew === undefined) return undefined
    if (isNew) needed = undefined
    return (await readNeeded(message.templateId)).filter((key) => !(key in message.data))
  }

  function findKnown(templateId: string): string[] | undefined {
    return needed && isYoung(needed.at) ? needed.keywords.get(templateId) : undefined
  }

  async function readNeeded(templateId: string): Promise<string[]> {
    const known = findKnown(templateId)
    if (known) return known
    const row = await templates.find(templateId)
    const keywords = row ? toNeededKeywords(row.content) : []
    if (needed === undefined || !isYoung(needed.at)) needed = { at: now(), keywords: new Map() }
    if (needed.keywords.size < mostTemplates) needed.keywords.set(templateId, keywords)
    return keywords
  }

  /** Undefined when WeChat has not answered yet. */
  function listAgain(): Promise<boolean | undefined> {
    if (list === undefined || !isYoung(list.at)) {
      list = { at: now(), isNew: refresh(), isSlow: sleep(patience, undefined, { ref: false }) }
    }
    return Promise.race([list.isNew, list.isSlow.then(() => undefined)])
  }

  /** By distance: a clock that was set back must not keep a list for hours. */
  function isYoung(at: number): boolean {
    return Math.abs(now() - at) < listLife
  }

  /** False also when another process has just listed them, or is about to. */
  async function refresh(): Promise<boolean> {
    try {
      if (!(await leases.acquire(`templates ${appid}`, randomUUID(), listLife))) return false
      await refreshTemplates(deps)
      return true
    } catch (error) {
      log.warn({ err: error }, 'templates could not be listed')
      return false
    }
  }
}

/** False also for keywords that nobody knows. */
function isComplete({ data }: Message, keywords: string[] | undefined): boolean {
  return keywords?.every((key) => key in data) === true
}

/** Makes the templates equal to WeChat's list. */
export async function refreshTemplates({ api, templates }: RefreshDeps): Promise<void> {
  const listedAt = Date.now()
  await templates.replace(await api.listTemplates(), listedAt)
}
