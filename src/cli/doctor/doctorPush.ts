import type { Language } from '../../base/sentences/language.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { DoctorPush } from '../../operations/doctor/push.ts'
import { chooseAccount } from '../accounts/accountArg.ts'
import { type Args, UsageError } from '../args.ts'
import { parseData } from '../messages/dataOption.ts'
import type { Output } from '../output.ts'
import { withExamined } from './withExamined.ts'

export const pushArgs = {
  unionid: { type: 'string', description: 'doctor.unionid' },
  openid: { type: 'string', description: 'doctor.openid' },
  template: { type: 'string', valueHint: 'id', description: 'doctor.template' },
  data: { type: 'string', valueHint: 'json', description: 'doctor.data' },
} as const

type PushArgs = Args<typeof pushArgs>

/** `doctor push`: resolves with the exit code. Raises UsageError. */
export async function runDoctorPush(
  { unionid, openid, template, data: json }: PushArgs,
  more: string[],
  word: string | undefined,
  language: Language,
  out: Output,
): Promise<number> {
  if (more.length > 0) throw new UsageError(say('usage.unexpected', { word: more[0] ?? '' }))
  if (template === undefined) throw new UsageError(say('usage.missing', { option: 'template' }))
  if ((unionid === undefined) === (openid === undefined)) {
    throw new UsageError(say('usage.oneOfBoth', { first: 'unionid', second: 'openid' }))
  }
  const push = {
    unionid,
    openid,
    templateId: template,
    data: json === undefined ? undefined : parseData(json),
  }
  const { examinePush } = await import('../../operations/doctor/push.ts')
  return withExamined(
    out,
    (config) => ({ ...config, accounts: [chooseAccount(config.accounts, word)] }),
    async (examined) => {
      const answer = await examinePush(examined, push, language)
      await out.print(answer, toText)
      return answer.ok ? 0 : 1
    },
  )
}

/** Without `push` they would do nothing. */
export function refusePushArgs(given: Record<string, unknown>): void {
  const name = Object.keys(pushArgs).find((option) => given[option] !== undefined)
  if (name !== undefined)
    throw new UsageError(say('usage.goesWith', { option: name, command: 'doctor push' }))
}

function toText({ ok, reasons }: DoctorPush): string {
  if (ok) return 'ok'
  return reasons
    .map(({ code, detail, hint }) => `${code}: ${detail}${hint === null ? '' : `\n    -> ${hint}`}`)
    .join('\n')
}
