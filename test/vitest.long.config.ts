import { defineConfig } from 'vitest/config'
import { common } from './vitest.config.ts'

/** Tests that take half a minute and more each, for before a release. */
export default defineConfig({
  test: {
    ...common,
    include: ['test/**/*.long.test.ts'],
    env: { TEST_FILE_MINUTES: '120' },
    globalSetup: ['test/helpers/redisSetup.ts', 'test/helpers/globalSetup.ts'],
  },
})
