import { minute } from '../base/duration.ts'

/** Life of a code of `wx.login` and of the phone button, according to WeChat. */
const codeLife = 5 * minute

export interface Codes {
  /**
   * Calls `redeem`, but never twice for one code: neither while a call for it is under way nor once one succeeded.
   * @returns undefined when the code is taken
   */
  once<T>(code: string, redeem: (code: string) => Promise<T>): Promise<T | undefined>
}

/**
 * Remembers which codes this process has redeemed, so that a form sent twice costs one call. After a restart and
 * between processes WeChat itself refuses the second. A code whose call failed may be tried again: WeChat judges.
 */
export function createCodes(now: () => number = Date.now): Codes {
  /** In the order of insertion, so that the oldest are at the front. */
  const takenAt = new Map<string, number>()

  function forgetOld(): void {
    for (const [code, at] of takenAt) {
      if (now() - at <= codeLife) return
      takenAt.delete(code)
    }
  }

  return {
    async once(code, redeem) {
      forgetOld()
      if (takenAt.has(code)) return undefined
      takenAt.set(code, now())
      try {
        return await redeem(code)
      } catch (error) {
        takenAt.delete(code)
        throw error
      }
    },
  }
}
