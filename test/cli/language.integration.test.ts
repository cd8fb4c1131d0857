import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { runCli } from '../helpers/cli.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { makeDir } from '../helpers/pushing.ts'

const timeout = 600_000

test('JSON is the same in both languages but for its sentences', { timeout }, async () => {
  const world = await startCliWorld()
  const { cwd, env } = world
  await world.sync()
  const unionid = world.simulator.userAt(0).unionid ?? ''
  for (const words of [['status'], ['token'], ['lookup', unionid], ['templates'], ['history'], ['migrate']]) {
    const [en, zh] = await Promise.all(
      ['en', 'zh'].map((language) =>
        runCli([...words, '--json'], { cwd, env: { ...env, UNIONPUSH_LANG: language } }),
      ),
    )
    expect(zh?.stdout.replaceAll(/"(?:fetchedAt|obtainedAt|expiresAt)":"[^"]*"/g, '')).toBe(
      en?.stdout.replaceAll(/"(?:fetchedAt|obtainedAt|expiresAt)":"[^"]*"/g, ''),
    )
  }
  const wrong = await Promise.all(
    ['en', 'zh'].map(async (language) => {
      const { code, stdout } = await runCli(['show', 'none', '--json'], {
        cwd,
        env: { ...env, UNIONPUSH_LANG: language },
      })
      return { code, ...JSON.parse(stdout).error }
    }),
  )
  expect(wrong).toEqual([
    { code: 'unknown_push', message: 'No push with the id none is known', hint: null },
    { code: 'unknown_push', message: '没有 id 为 none 的推送', hint: null },
  ])
})

test('columns stand under one another in Chinese too', { timeout }, async () => {
  const cwd = await makeDir()
  const { stdout } = await runCli(['status'], {
    cwd,
    env: { UNIONPUSH_LANG: 'zh', WECHAT_APPID: 'wx1', WECHAT_SECRET: 's' },
  })
  const starts = stdout
    .split('\n')
    .filter((line) => /^\S+ {2,}\S/.test(line))
    .map((line) => stringWidth(/^\S+ +/.exec(line)?.[0] ?? ''))
  expect(starts.length).toBeGreaterThan(6)
  // The fields of the account, and those of what it shares with others.
  expect(new Set(starts).size).toBeLessThanOrEqual(2)
})
