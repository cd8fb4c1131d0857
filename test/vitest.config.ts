import { defineConfig, type TestUserConfig } from 'vitest/config'
import { LongFirst } from './helpers/longFirst.ts'
import { skippedReporter } from './helpers/skippedReporter.ts'

/** Of every suite. */
export const common = {
  root: new URL('..', import.meta.url).pathname,
  pool: 'forks',
  // Three leave a third of two cores idle: tests wait nearly as often as they work.
  maxWorkers: 4,
  reporters: ['default', skippedReporter],
  setupFiles: ['test/helpers/patience.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
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
          name: 'together',
          include: ['test/**/*.integration.test.ts'],
          globalSetup: ['test/helpers/redisSetup.ts', 'test/helpers/globalSetup.ts'],
        },
      },
    ],
  },
})
