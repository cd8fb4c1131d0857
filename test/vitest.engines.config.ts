import { defineConfig } from 'vitest/config'
import { common } from './vitest.config.ts'

/** The core of the program on every database and queue it can have. */
export default defineConfig({
  test: {
    ...common,
    include: ['test/engines/**/*.test.ts'],
    globalSetup: ['test/helpers/redisSetup.ts', 'test/engines/globalSetup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
