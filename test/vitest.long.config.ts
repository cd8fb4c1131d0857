import { defineConfig } from 'vitest/config'
import { common } from './vitest.config.ts'

/** Tests that take half a minute and more each, for before a release. */
export default defineConfig({
  test: {
    ...common,
    include: ['test/**/*.long.test.ts'],
    globalSetup: ['test/helpers/redisSetup.ts', 'test/helpers/globalSetup.ts'],
  },
})
