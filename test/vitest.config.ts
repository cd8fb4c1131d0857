import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/{unit,fuzz}/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: 'test/helpers/globalSetup.ts',
          // Real servers, processes and clocks on a machine nobody knows: what fails there has a second chance, and is named.
          retry: process.env.CI ? 1 : 0,
        },
      },
    ],
  },
})
