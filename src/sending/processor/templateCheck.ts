import { randomUUID } from 'node:crypto'
import { minute } from '../../base/duration.ts'
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
  templates: Pick<Templates, 'find' | 'replace'>
  leases: Pick<Leases, 'acquire'>
  log: Log
  now?: () => number
}

/** How long a list is taken for all there is. */
const listLife = minute
/** An account has 25 or so; made-up ids must not fill the memory. */
const mostTemplates = 1_000

export interface TemplateCheck {
  /** Whether the account has a template that WeChat has just denied; while there is no new list, it has the benefit of the doubt. */
  isTemplate(templateId: string): Promise<boolean>
  /** Keywords without a value, which WeChat would refuse the message for; none for a template that nobody has listed. */
  findMissingKeywords(message: Message): Promise<string[]>
}

type Message = Pick<PushJob, 'templateId' | 'data'>

/** What the listed templates tell of a message. They are listed again before one is refused, at most once a minute over all processes. */
export function createTemplateCheck(deps: TemplateCheckDeps): TemplateCheck {
  const { appid, templates, leases, log, now = Date.now } = deps
  let list: { at: number; isNew: Promise<boolean> } | undefined
  /** By template id; what every push of it would otherwise read anew (bench: send.instant). */
  let needed: { at: number; keywords: Map<string, Promise<string[]>> } | undefined

  return {
    async isTemplate(templateId) {
      const isNew = await listAgain()
      return !isNew || (await templates.find(templateId)) !== undefined
    },
    async findMissingKeywords({ templateId, data }) {
      const keywords = await toNeeded(templateId)
      if (keywords.every((key) => key in data)) return []
      // The template may be another by now than the one that was listed.
      if (await listAgain()) needed = undefined
      return (await toNeeded(templateId)).filter((key) => !(key in data))
    },
  }

  function toNeeded(templateId: string): Promise<string[]> {
    if (needed === undefined || !isYoung(needed.at)) needed = { at: now(), keywords: new Map() }
    const known = needed.keywords.get(templateId)
    if (known) return known
    const keywords = templates.find(templateId).then((row) => (row ? toNeededKeywords(row.content) : []))
    if (needed.keywords.size < mostTemplates) needed.keywords.set(templateId, keywords)
    // One that could not be read is read again.
    keywords.catch(() => needed?.keywords.delete(templateId))
    return keywords
  }

  function listAgain(): Promise<boolean> {
    if (list === undefined || !isYoung(list.at)) list = { at: now(), isNew: refresh() }
    return list.isNew
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

/** Makes the templates equal to WeChat's list. */
export async function refreshTemplates({ api, templates }: RefreshDeps): Promise<void> {
  const listedAt = Date.now()
  await templates.replace(await api.listTemplates(), listedAt)
}
