import * as z from 'zod'
import { toIso } from '../base/time.ts'
import type { TokenSource } from '../wechat/token.ts'
import { isoTime } from './values.ts'

export const tokenSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  /** Masked. */
  token: z.string(),
  obtainedAt: isoTime,
  expiresAt: isoTime,
})
export type Token = z.infer<typeof tokenSchema>

interface TokenDeps {
  name: string
  appid: string
  tokens: Pick<TokenSource, 'refresh'>
}

/** The access_token of the account; one is fetched if there is none or less than five minutes are left of it. */
export async function loadToken({ name, appid, tokens }: TokenDeps): Promise<Token> {
  const { token, obtainedAt, expiresAt } = await tokens.refresh()
  return {
    account: name,
    appid,
    token: mask(token),
    obtainedAt: toIso(obtainedAt),
    expiresAt: toIso(expiresAt),
  }
}

/** Enough to tell two tokens apart, of no use to anybody else; real ones have 136 characters or more. */
function mask(token: string): string {
  return token.length < 40 ? '***' : `${token.slice(0, 3)}...${token.slice(-4)}`
}
