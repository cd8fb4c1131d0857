import { tmpdir } from 'node:os'
import { expect, test, vi } from 'vitest'
import { startReceiver } from '../helpers/callbackReceiver.ts'
import { runCli, startCli } from '../helpers/cli.ts'
import { findClosedBase } from '../helpers/scriptedServer.ts'

const cwd = tmpdir()

test('simulator says where it answers, answers, and ends in good order on SIGTERM', async () => {
  const running = startCli(['simulator', '--followers', '250', '--json'], { cwd })
  await running.waitFor(/\n/)
  const about = JSON.parse(running.stdout())
  expect(about).toEqual({
    port: expect.any(Number),
    base: `http://127.0.0.1:${about.port}`,
    appid: expect.stringMatching(/^wx/),
    secret: expect.any(String),
    miniprogram: { appid: expect.stringMatching(/^wx/), secret: expect.any(String) },
  })
  const answer = await fetch(`${about.base}/__sim/stats`)
  expect(answer.status).toBe(200)
  running.child.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
})

test('simulator posts to a callback, whose check it reports', async () => {
  const receiver = await startReceiver()
  const words = ['simulator', '--callback-url', receiver.url, '--callback-token', 't0ken']
  const running = startCli([...words, '--json'], { cwd })
  await running.waitFor(/\n/)
  const { base, callback } = JSON.parse(running.stdout())
  expect(callback).toEqual({ url: receiver.url, check: { ok: true } })
  await fetch(`${base}/__sim/follow`, { method: 'POST' })
  await vi.waitUntil(() => receiver.posts.length === 1, { timeout: 5_000, interval: 10 })
  expect(receiver.events()).toMatchObject([{ Event: 'subscribe' }])
  running.child.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
})

test('simulator says which callback cannot be meant, and that a check failed', async () => {
  const base = await findClosedBase()
  const refused = await runCli(['simulator', '--callback-url', base], { cwd })
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toContain('--callback-url and --callback-token are needed both')
  const words = ['simulator', '--callback-url', base, '--callback-token', 't0ken']
  const short = await runCli([...words, '--callback-aes-key', 'short'], { cwd })
  expect(short).toMatchObject({ code: 2, stdout: '' })
  expect(short.stderr).toContain('encodingAesKey: expected 43 letters and digits')
  const running = startCli(words, { cwd })
  await running.waitFor(/__sim\/faults/)
  expect(running.stdout()).toContain(
    `Callbacks go to ${base}, which failed the URL check: connect ECONNREFUSED`,
  )
  running.child.kill('SIGTERM')
  expect(await running.ended).toMatchObject({ code: 0 })
})
