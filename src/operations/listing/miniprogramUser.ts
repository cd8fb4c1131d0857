import * as z from 'zod'
import type { AccountSettings } from '../../base/config.ts'
import type { Stores } from '../../db/stores.ts'
import { nullableText } from '../values.ts'

export const miniprogramUserSchema = z.strictObject({
  openid: z.string(),
  appid: z.string().describe('of the mini-program'),
  unionid: nullableText.describe('null = WeChat has told none at any login'),
})
export type MiniprogramUser = z.infer<typeof miniprogramUserSchema>

interface MiniprogramUserDeps {
  config: Pick<AccountSettings, 'miniProgram'>
  runtime: { database: Pick<Stores, 'users'> }
}

/** Who logged in to one of the mini-programs of these accounts with that openid. */
export async function findMiniprogramUser(
  accounts: readonly MiniprogramUserDeps[],
  openid: string,
): Promise<MiniprogramUser | undefined> {
  for (const { config, runtime } of accounts) {
    const appid = config.miniProgram?.appid
    const user = appid === undefined ? undefined : await runtime.database.users(appid).find(openid)
    if (appid !== undefined && user) return { openid, appid, unionid: user.unionid }
  }
  return undefined
}
