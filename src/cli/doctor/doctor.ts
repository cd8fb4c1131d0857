import { loadLanguage } from '../../base/environment/readEnvironment.ts'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { CheckResult, CheckStatus } from '../../operations/doctor/check.ts'
import { accountsArg, narrow } from '../accounts/accountArg.ts'
import { UsageError } from '../args.ts'
import { defineCommand } from '../command.ts'
import type { Output } from '../output.ts'
import { pad, renderFields } from '../table.ts'
import { pushArgs, refusePushArgs, runDoctorPush } from './doctorPush.ts'
import { withExamined } from './withExamined.ts'

export const doctorCommand = defineCommand({
  name: 'doctor',
  description: 'doctor',
  args: {
    check: {
      type: 'positional',
      required: false,
      description: 'doctor.check',
    },
    list: { type: 'boolean', description: 'doctor.list' },
    ...accountsArg,
    ...pushArgs,
  },
  takesMore: true,
  examples: [
    ['unionpush doctor', 'doctor.example.all'],
    ['unionpush doctor token ip_whitelist', 'doctor.example.some'],
    ['unionpush doctor --json | jq \'.checks[] | select(.status == "fail")\'', 'doctor.example.monitor'],
  ],
  async run({ check, list, account, ...push }, out, more) {
    const { listChecks, runChecks } = await import('../../operations/doctor/run.ts')
    const language = loadLanguage()
    if (check === 'push') return runDoctorPush(push, more, account, language, out)
    refusePushArgs(push)
    const known = listChecks(language)
    const names = check === undefined ? [] : [check, ...more]
    refuseUnknown(names, known)
    if (list) {
      if (out.json) await out.printAll(known, () => '')
      else await out.print(known, (all) => renderFields(all.map((one) => [one.name, one.description])))
      return 0
    }
    return withExamined(
      out,
      (config) => narrow(config, account),
      (examined) => printResults(runChecks(examined, names, language), language, out),
    )
  },
})

function refuseUnknown(names: readonly string[], known: readonly { name: string }[]): void {
  const unknown = names.find((name) => !known.some((check) => check.name === name))
  if (unknown === undefined) return
  throw new UsageError(
    say('usage.noCheck', { check: unknown, known: known.map(({ name }) => name).join(', ') }),
  )
}

async function printResults(
  results: AsyncIterable<CheckResult>,
  language: Language,
  out: Output,
): Promise<number> {
  const counts: Record<CheckStatus, number> = { ok: 0, warn: 0, fail: 0, skipped: 0 }
  const checks: CheckResult[] = []
  for await (const result of results) {
    counts[result.status]++
    checks.push(result)
    // People see each as it comes; the object for programs is one.
    if (!out.json) await out.print(result, toText)
  }
  const isOk = counts.fail === 0
  if (out.json) await out.print({ ok: isOk, checks }, () => '')
  else out.remark(render(say('doctor.summary', counts), language).seen)
  return isOk ? 0 : 1
}

const widest = 'skipped'.length

function toText({ name, account, status, detail, hint }: CheckResult): string {
  const subject = account === undefined ? name : `${name} [${account}]`
  const indent = ' '.repeat(widest + 2)
  const lines = [`${subject}: ${detail}`, ...(hint === null ? [] : [`-> ${hint}`])]
  const text = lines.join('\n').replaceAll('\n', `\n${indent}`)
  return `${pad(status, widest)}  ${text}`
}
