import { minute } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'

/** Network failures in a row that make everybody leave a base. */
const failuresToLeave = 3
/** How long the first base is left alone before one call tries it again. */
const homeRetry = 1 * minute

export interface Bases {
  /** The base the next call shall use. */
  pick(): string
  /** Where a call goes that surely never reached `base`; undefined when there is no other. */
  findOther(base: string): string | undefined
  answered(base: string): void
  failed(base: string): void
}

interface BasesOptions {
  log: Log
  now?: () => number
}

/**
 * Base URLs of the same API, the first preferred. WeChat runs api2.weixin.qq.com elsewhere for when api.weixin.qq.com
 * cannot be reached. Only network failures move anybody: an errcode comes from the platform and is the same everywhere.
 */
export function createBases(bases: readonly string[], { log, now = Date.now }: BasesOptions): Bases {
  const urls = [...new Set(bases.map((base) => base.replace(/\/+$/, '')))]
  const [home] = urls
  if (home === undefined) throw new Error('expected at least one base URL, got none')
  let current = home
  let failures = 0
  let homeTriedAt = 0

  const after = (base: string) => urls[(urls.indexOf(base) + 1) % urls.length] ?? home

  function move(to: string, reason: string) {
    log.warn({ from: current, to }, reason)
    current = to
    failures = 0
    homeTriedAt = now()
  }

  return {
    pick() {
      // A clock that was set back must not keep us away from home, hence abs.
      if (current === home || Math.abs(now() - homeTriedAt) < homeRetry) return current
      homeTriedAt = now()
      return home
    },
    findOther: (base) => (urls.length > 1 ? after(base) : undefined),
    answered(base) {
      if (base === current) failures = 0
      else if (base === home) move(home, 'WeChat answers on its first base URL again')
    },
    failed(base) {
      if (base !== current) return
      failures += 1
      if (failures >= failuresToLeave && urls.length > 1)
        move(after(current), 'WeChat cannot be reached, trying another base URL')
    },
  }
}
