import { randomHex, randomText } from '../ids.ts'
import type { CodeOptions } from '../people.ts'

export interface Code {
  user: number
  mintedAt: number
  used: boolean
  options: CodeOptions
}

const codeLifeMs = 300_000

/** The codes that wx.login and the phone button give to the mini-program, each good for one exchange. */
export function createMintedCodes(random: () => number) {
  const codes = new Map<string, Code>()

  return {
    mint(user: number, options: CodeOptions, mintedAt: number): string {
      const code = options.kind === 'phone' ? randomHex(random, 64) : `0${randomText(random, 31)}`
      codes.set(code, { user, mintedAt, used: false, options })
      return code
    },

    /** The code, marked as used, or the errcode it earns. */
    redeem(text: string, kind: 'login' | 'phone', at: number): Code | number {
      const code = codes.get(text)
      if (!code || (code.options.kind ?? 'login') !== kind) return 40029
      if (code.used) return 40163
      if (at > code.mintedAt + codeLifeMs) return 40029
      code.used = true
      return code
    },
  }
}
