import { expect, test } from 'vitest'
import { doctorSchema } from '../../src/operations/doctor/check.ts'
import { runCli } from '../helpers/cli.ts'
import { startDoctorWorld } from '../helpers/doctorWorld.ts'
import { makeDir } from '../helpers/pushing.ts'

const timeout = 60_000

test('doctor prints one object, and ends with 1 if something is wrong', { timeout }, async () => {
  const { env, dir } = await startDoctorWorld()
  const good = await runCli(['doctor', 'token', 'config', '--json'], { cwd: dir, env })
  expect(good.stderr).toBe('')
  const answer = doctorSchema.parse(JSON.parse(good.stdout))
  expect(answer.checks.map(({ name, status }) => [name, status])).toEqual([
    ['config', 'ok'],
    ['token', 'ok'],
  ])
  expect([answer.ok, good.code]).toEqual([true, 0])
  const bad = await runCli(['doctor', 'token', '--json'], {
    cwd: dir,
    env: { ...env, WECHAT_SECRET: '0'.repeat(32) },
  })
  expect(doctorSchema.parse(JSON.parse(bad.stdout)).ok).toBe(false)
  expect(bad.code).toBe(1)
})

test('doctor speaks Chinese where that is wanted, also of settings that cannot be used', {
  timeout,
}, async () => {
  const cwd = await makeDir()
  const { stdout, code } = await runCli(['doctor'], { cwd, env: { LANG: 'zh_CN.UTF-8' } })
  expect(stdout).toContain('有 2 项配置不能用')
  expect(stdout).toContain('WECHAT_APPID')
  expect(stdout).toContain('未检查：先把配置改对')
  expect(code).toBe(1)
})

test('an unknown check ends with 2 and the list, --list needs no configuration', { timeout }, async () => {
  const cwd = await makeDir()
  const unknown = await runCli(['doctor', 'tokn', '--json'], { cwd })
  expect(unknown.code).toBe(2)
  expect(JSON.parse(unknown.stdout).error).toMatchObject({
    code: 'usage',
    message: expect.stringContaining("There is no check 'tokn': expected one of config, "),
  })
  const { stdout, code } = await runCli(['doctor', '--list', '--json'], { cwd })
  const [first, ...others] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(first).toEqual({ name: 'config', description: 'all settings can be used' })
  expect(others.length).toBeGreaterThanOrEqual(29)
  expect(code).toBe(0)
})

test('doctor push ends with 1 and the reasons', { timeout }, async () => {
  const { env, dir } = await startDoctorWorld()
  const words = ['doctor', 'push', '--unionid', 'o6_nobody', '--template', 'none', '--json']
  const { stdout, code } = await runCli(words, { cwd: dir, env })
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, reasons: expect.any(Array) })
  expect(stdout).toContain('template_invalid')
  expect(code).toBe(1)
  expect((await runCli(['doctor', '--unionid', 'u'], { cwd: dir, env })).code).toBe(2)
})
