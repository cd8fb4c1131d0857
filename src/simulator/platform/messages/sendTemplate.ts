import { isObject } from '../../../base/isObject.ts'
import type { Call, Endpoints, Refuse } from '../answers.ts'
import type { FollowerList } from '../followers/followerList.ts'
import type { RateLimit } from '../limits.ts'
import type { AcceptedMessages, Submission } from './acceptedMessages.ts'
import { findDataFault } from './fieldRules.ts'
import type { TemplateLibrary } from './templateLibrary.ts'

interface SendTemplateOptions {
  followers: FollowerList
  templates: TemplateLibrary
  accepted: AcceptedMessages
  /** The answer waits for what it returns. */
  raiseReceipt: (openid: string, msgid: string, templateId: string) => Promise<void> | undefined
  rate: RateLimit
  refuse: Refuse
  dedupeAnswer: 'ok' | number
  linkedMiniprograms: readonly string[]
  pages?: readonly string[] | undefined
}

/** No source tells the limit; this one is generous. */
const longestUrl = 2_048
const alreadySent = 45065
const pagepathShape = /^\/?[\w-]+(?:[/.][\w-]+)*(?:\?\S*)?$/

/** template/send: pace, recipient, template, data, jump, then the ten-minute rule; the first that fails answers. */
export function createSendTemplate(options: SendTemplateOptions): Endpoints {
  const { followers, templates, accepted, rate, refuse } = options

  function toMiniprogram(given: unknown): Submission['miniprogram'] | number {
    if (given === undefined || given === null) return undefined
    if (!isObject(given)) return 47001
    const { appid, pagepath } = given
    if (typeof appid !== 'string' || !options.linkedMiniprograms.includes(appid)) return 40166
    if (pagepath === undefined || pagepath === '') return { appid, pagepath: undefined }
    if (typeof pagepath !== 'string' || !pagepathShape.test(pagepath)) return 40165
    const page = pagepath.replace(/^\//, '').replace(/\?.*$/, '')
    return options.pages && !options.pages.includes(page) ? 40165 : { appid, pagepath }
  }

  function toRepeatAnswer(call: Call, msgid: string): string {
    if (options.dedupeAnswer === 'ok') return toAnswer(msgid)
    const refusal = refuse(call, options.dedupeAnswer)
    // As mass sending does.
    return options.dedupeAnswer === alreadySent ? refusal.replace(/}$/, `,"msg_id":${msgid}}`) : refusal
  }

  function handle(call: Call): string {
    const overRate = rate.take(call.at)
    if (overRate !== 0) return refuse(call, overRate)

    const { touser, template_id: templateId, data, url, miniprogram, client_msg_id: clientMsgId } = call.json
    if (typeof touser !== 'string' || touser === '') return refuse(call, 41009)
    const standing = followers.standingOf(touser)
    if (standing === 'unknown') return refuse(call, 40003)
    if (standing === 'stranger') return refuse(call, 43004)
    if (standing === 'blacklisted') return refuse(call, 43019)

    if (typeof templateId !== 'string' || templateId === '') return refuse(call, 40036)
    const fields = templates.findFields(templateId)
    if (!fields) return refuse(call, 40037)

    if (!isObject(data)) return refuse(call, 47001)
    const dataFault = findDataFault(fields, data)
    if (dataFault !== undefined) return refuse(call, 47003, `argument invalid! ${dataFault}`)

    if (url !== undefined && typeof url !== 'string') return refuse(call, 47001)
    if (url !== undefined && url.length > longestUrl) return refuse(call, 40039)
    const target = toMiniprogram(miniprogram)
    if (typeof target === 'number') return refuse(call, target)
    if (clientMsgId !== undefined && typeof clientMsgId !== 'string') return refuse(call, 47001)

    const first = clientMsgId ? accepted.findDuplicate(touser, clientMsgId, call.at) : undefined
    if (first !== undefined) return toRepeatAnswer(call, first)
    const msgid = accepted.accept({
      openid: touser,
      clientMsgId: clientMsgId || undefined,
      templateId,
      data,
      url: url || undefined,
      miniprogram: target,
      at: call.at,
      token: call.token,
    })
    call.heldBy = options.raiseReceipt(touser, msgid, templateId)
    return toAnswer(msgid)
  }

  return {
    '/cgi-bin/message/template/send': { method: 'POST', token: 'account', quota: 'templateSend', handle },
  }
}

function toAnswer(msgid: string): string {
  return `{"errcode":0,"errmsg":"ok","msgid":${msgid}}`
}
