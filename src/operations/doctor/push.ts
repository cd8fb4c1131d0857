import * as z from 'zod'
import type { AccountSettings } from '../../base/config.ts'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { toFact } from '../../base/sentences/stored.ts'
import { checkMessage } from '../../push/message.ts'
import { findCapsOf, findQuietNow, findReachedCap } from '../../sending/processor/userLimits.ts'
import { findMissingKeywords } from '../../wechat/keywords.ts'
import { isAnswer } from './askWechat.ts'
import { checks } from './checks/checks.ts'
import { type Examined, findFinding } from './run.ts'
import type { CheckedAccount, Tables } from './subjects.ts'

export const doctorPushSchema = z.strictObject({
  /** Whether it would go out now. */
  ok: z.boolean(),
  reasons: z.array(z.strictObject({ code: z.string(), detail: z.string(), hint: z.string().nullable() })),
})
export type DoctorPush = z.infer<typeof doctorPushSchema>

export interface ImaginedPush {
  unionid: string | undefined
  openid: string | undefined
  templateId: string
  /** Undefined = not known yet: nothing is said about it. */
  data: unknown
}

interface Reason {
  code: string
  sentence: Sentence
}

/** What holds up every push of the account, where a check says `fail`. */
const prerequisites = [
  'database',
  'queue',
  'wechat',
  'token',
  'permissions',
  'account_kind',
  'quota',
  'paused',
]
/** The same where it warns. */
const sooner = ['queue', 'worker', 'paused', 'circuit']

/** Whether such a push would go out now, and if not, everything that is in its way. Nothing is sent or recorded. */
export async function examinePush(
  examined: Examined,
  push: ImaginedPush,
  language: Language,
): Promise<DoctorPush> {
  const [account] = examined.accounts
  const found = await Promise.all([
    findObstacles(examined),
    findMessageFaults(push),
    account ? findTemplateFaults(account, push) : [],
    account?.tables ? findRecipientFaults(account.tables, push) : [],
    account?.tables ? findHoldUps(account.config, account.tables, push) : [],
  ])
  const reasons = found.flat().map(({ code, sentence }) => {
    const { seen, advice } = render(sentence, language)
    return { code, detail: seen, hint: advice }
  })
  return { ok: reasons.length === 0, reasons }
}

async function findObstacles(examined: Examined): Promise<Reason[]> {
  const wanted = checks.filter(({ name }) => prerequisites.includes(name) || sooner.includes(name))
  const found = await Promise.all(
    wanted.map(async (check) => ({ code: check.name, finding: await findFinding(check, examined) })),
  )
  return found.flatMap(({ code, finding: { status, sentence } }) =>
    status === 'fail' || (status === 'warn' && sooner.includes(code)) ? [{ code, sentence }] : [],
  )
}

function findMessageFaults({ data = {}, ...push }: ImaginedPush): Reason[] {
  const checked = checkMessage({ ...push, data })
  const problems = 'problems' in checked ? checked.problems : []
  return problems.map(({ field, rule: expected, given: found }) => ({
    code: 'message_invalid',
    sentence: say('push.message', { field, expected, found }),
  }))
}

/** By WeChat's own list, or where it gives none by the one that was listed last. */
async function findTemplateFaults({ wechat, tables }: CheckedAccount, push: ImaginedPush): Promise<Reason[]> {
  const { templateId, data } = push
  const asked = await wechat.templates()
  const listed = isAnswer(asked) ? asked.answer : await tables?.templates.list()
  if (listed === undefined || (listed.length === 0 && !isAnswer(asked))) return []
  const template = listed.find((known) => known.templateId === templateId)
  if (template === undefined) {
    return [{ code: 'template_invalid', sentence: say('push.template_unknown', { template: templateId }) }]
  }
  if (typeof data !== 'object' || data === null) return []
  return findMissingKeywords(template.content, data).map((key) => ({
    code: 'data_invalid',
    sentence: say('push.data_missing', { key }),
  }))
}

/** What keeps this push, but not all of the account. */
async function findHoldUps(
  { pushCaps, quiet, timezone }: AccountSettings,
  { followers, pushes, templatePauses }: Tables,
  { unionid, openid, templateId }: ImaginedPush,
): Promise<Reason[]> {
  const reasons: Reason[] = []
  const paused = (await templatePauses.list()).find((pause) => pause.templateId === templateId)
  if (paused) {
    const why = toFact(paused.detail)
    const sentence = say('templatesPaused.one', { template: templateId, why })
    reasons.push({ code: 'template_paused', sentence })
  }
  const hours = findQuietNow({ quiet, timezone }, Date.now())
  if (hours) reasons.push({ code: 'quiet', sentence: hours.detail })
  const known = unionid === undefined ? undefined : await followers.findRecipient(unionid)
  const row = openid === undefined ? undefined : await followers.findByOpenid(openid)
  const ids = row ?? (known && { openid: known.openid, unionid: unionid ?? null })
  const caps = findCapsOf(pushCaps, templateId)
  const capped = ids && (await findReachedCap(caps, pushes, { id: '', ids }))
  if (capped) reasons.push({ code: 'capped', sentence: capped.detail })
  return reasons
}

async function findRecipientFaults(
  { followers }: Tables,
  { unionid, openid }: ImaginedPush,
): Promise<Reason[]> {
  const toReason = (code: string, sentence: Sentence): Reason[] => [{ code, sentence }]
  const known = unionid === undefined ? undefined : await followers.findRecipient(unionid)
  const row = openid === undefined ? known : await followers.findByOpenid(openid)
  if (known?.isShared)
    return toReason('unionid_pending', say('push.unionid_shared', { unionid: unionid ?? '' }))
  if (row?.subscribed) return []
  if (row) return toReason('not_following', say('push.left', { openid: row.openid }))
  if (!(await followers.hasEverSynced())) return toReason('not_synced', say('push.never_synced'))
  if (openid !== undefined) return toReason('not_following', say('push.unknown_openid', { openid }))
  return unionid === undefined ? [] : toReason('not_following', say('push.not_following', { unionid }))
}
