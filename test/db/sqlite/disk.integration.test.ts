import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { forkProcess } from '../../helpers/forkProcess.ts'
import { makeDir } from '../../helpers/pushing.ts'

const source = fileURLToPath(new URL('../../helpers/syncLog.c', import.meta.url))
const canPreload = process.platform === 'linux' && hasCompiler()

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

if (!canPreload) process.stderr.write('SKIPPED what is on disk when: it needs Linux and a C compiler\n')

test.skipIf(!canPreload)(
  'a write is on disk when it is answered; records of sends are within a second, whatever their number',
  async () => {
    const dir = await makeDir()
    const library = join(dir, 'syncLog.so')
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'])
    const log = join(dir, 'syncs')
    const child = forkProcess('disk', [join(dir, 'test.db')], {
      env: { ...process.env, LD_PRELOAD: library, SYNC_LOG: log },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const count = () => readFileSync(log, 'utf8').match(/test\.db-wal$/gm)?.length ?? 0
    const counts: Record<string, number> = {}
    let last = 0
    for (let n = 0; n < 5; n++) {
      const [step] = await once(child, 'message')
      counts[String(step)] = count() - last
      last = count()
      child.send('go on')
    }
    await once(child, 'exit')

    expect(counts.open).toBeGreaterThan(0)
    expect(counts.durable).toBe(100)
    expect(counts.soon).toBeLessThan(5)
    expect((counts.soon ?? 0) + (counts.later ?? 0)).toBeGreaterThan(0)
    expect(counts.later).toBeLessThan(3)
    expect(counts['after a failure']).toBeGreaterThan(0)
  },
)
