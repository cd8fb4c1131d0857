import { defineConfig } from 'vitest/config'
import { skippedReporter } from './helpers/skippedReporter.ts'

/** Tests that take half a minute and more each, for before a release. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', skippedReporter],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    include: ['test/**/*.long.test.ts'],
    globalSetup: ['test/helpers/redisSetup.ts', 'test/helpers/globalSetup.ts'],
  },
})
