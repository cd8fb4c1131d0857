import { randomUUID } from 'node:crypto'
import { minute } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import type { Leases } from '../../db/leases/leases.ts'
import type { Templates } from '../../db/templates.ts'
import type { WechatApi } from '../../wechat/api.ts'

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

/**
 * Whether the account has a template that WeChat has just denied. The templates are listed before that is judged, at most
 * once a minute over all processes; while there is no new list, the template has the benefit of the doubt.
 */
export function createTemplateCheck(deps: TemplateCheckDeps): (templateId: string) => Promise<boolean> {
  const { appid, templates, leases, log, now = Date.now } = deps
  let list: { at: number; isNew: Promise<boolean> } | undefined

  return async (templateId) => {
    // Compared by distance: a clock that was set back must not keep a list for hours.
    if (list === undefined || Math.abs(now() - list.at) >= listLife) list = { at: now(), isNew: refresh() }
    const isNew = await list.isNew
    return !isNew || (await templates.find(templateId)) !== undefined
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
