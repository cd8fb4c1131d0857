import { existsSync } from 'node:fs'
import { inject, TestRunner } from 'vitest'

const redis = inject('redis')

/** Debian's: the browser's engine without its windows, which take as long as the page does, or else all of it. */
const browsers = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'] as const

export const chromiumPath = browsers.find((path) => existsSync(path)) ?? browsers[0]

/** Of the Redis that tests share. */
export const redisUrl = redis?.url ?? 'redis://127.0.0.1:6379'

/** For tests that use the shared Redis: skips the current one if there is none. */
export function needRedis(): void {
  if (redis?.url === null) skip(`no Redis answers at ${redisUrl}, and there is no redis-server to start`)
}

/** For tests that look at the page: skips the current one if there is no browser. */
export function needChromium(): void {
  if (!existsSync(chromiumPath)) skip('there is no Chromium: apt-get install chromium-headless-shell')
}

/** For tests that start servers of their own: skips the current one if it cannot. */
export function needRedisServer(): void {
  if (redis?.canStart === false) skip('there is no redis-server to start')
}

function skip(why: string): void {
  TestRunner.getCurrentTest()?.context.skip(why)
}
