import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type TestUserConfig } from 'vitest/config'
import { LongFirst } from './helpers/longFirst.ts'
import { skippedReporter } from './helpers/skippedReporter.ts'

const root = new URL('..', import.meta.url).pathname

/** Of every suite. */
export const common = {
  root,
  pool: 'forks',
  // Three leave a third of two cores idle: tests wait nearly as often as they work.
  maxWorkers: 4,
  reporters: ['default', skippedReporter],
  setupFiles: ['test/helpers/patience.ts', 'test/helpers/leftRunning.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
} satisfies TestUserConfig

/** Integration tests that change the clock or the environment of their process, measure it, keep a browser in it, or replace modules. */
const ownProcess = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file}`)
  .filter((file) => file.endsWith('.integration.test.ts'))
  .filter((file) =>
    /useFakeTimers|vi\.mock|helpers\/browser|process\.(env\.\w+ =|memoryUsage|cpuUsage|getActive)/.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  )

const integration = {
  globalSetup: ['test/helpers/redisSetup.ts', 'test/helpers/globalSetup.ts'],
} satisfies TestUserConfig

export default defineConfig({
  test: {
    ...common,
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          // Nearly half of what these take is to load the same modules again for each file.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.integration.test.ts', 'test/**/*.long.test.ts', 'test/engines/**'],
        },
      },
      {
        extends: true,
        test: {
          ...integration,
          name: 'together',
          isolate: false,
          include: ['test/**/*.integration.test.ts'],
          exclude: ownProcess,
        },
      },
      {
        extends: true,
        test: { ...integration, name: 'own process', include: ownProcess },
      },
    ],
  },
})
