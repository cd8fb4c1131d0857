import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../../src/base/monitoring/metrics.ts'

const dir = fileURLToPath(new URL('../../examples/monitoring/', import.meta.url))
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const hasPromtool = spawnSync('promtool', ['--version']).status === 0 || process.env.CI === 'true'

/** With each metric that an account can have. */
async function render(): Promise<string> {
  const metrics = createMetrics()
  const counts = metrics.of('shop')
  counts.pushReached('sent', null)
  counts.sendEnded('accepted', 0, 0.05)
  counts.receiptCame(3)
  counts.tokenFetched()
  counts.syncEnded(60)
  const jobs = { waiting: 1, active: 0, delayed: 0, failed: 0, held: 0 }
  const followers = { subscribed: 2, with_unionid: 1, unsubscribed: 0 }
  const times = { tokenExpiresAt: 1, lastCompleteSync: 1, oldestWaiting: 1, rateLimit: 5 }
  return metrics.render([{ account: 'shop', paused: 'manual', jobs, followers, ...times }])
}

test.each([
  'examples/monitoring/alerts.yaml',
  'examples/monitoring/alerts.test.yaml',
  'examples/monitoring/dashboard.json',
  'examples/kubernetes/worker.yaml',
  'docs/en/monitoring.md',
])('%s names metrics that there are', async (path) => {
  const known = [...(await render()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)
  const named = [...read(path).matchAll(/\bunionpush_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''))
  expect(named).not.toEqual([])
  expect(named.filter((name) => !known.includes(name))).toEqual([])
})

test('the page describes every metric of our own', async () => {
  const ours = [...(await render()).matchAll(/^# TYPE (unionpush_\w+)/gm)].map(([, name]) => name)
  const page = read('docs/en/monitoring.md')
  expect(ours.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([])
})

test('each alert has a test', () => {
  const { groups } = parse(read('examples/monitoring/alerts.yaml'))
  const tested = read('examples/monitoring/alerts.test.yaml')
  const names: string[] = groups.flatMap(({ rules }: { rules: { alert: string }[] }) =>
    rules.map(({ alert }) => alert),
  )
  expect(names).not.toEqual([])
  expect(names.filter((name) => !tested.includes(`alertname: ${name}\n`))).toEqual([])
})

test.skipIf(!hasPromtool)(
  'promtool has nothing to say of the metrics, and the alerts pass their tests',
  async () => {
    execFileSync('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: dir })
    execFileSync('promtool', ['test', 'rules', 'alerts.test.yaml'], { cwd: dir })
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await render(),
      encoding: 'utf8',
    })
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  },
)
