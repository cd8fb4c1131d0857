import type { Settings } from '../optionsSchema.ts'
import { randomHex, randomText } from './ids.ts'

/** Who everybody is: the account, its mini-program, and the names callbacks carry. */
export function createApps(
  options: Pick<Settings, 'appid' | 'secret' | 'miniprogram'>,
  random: () => number,
) {
  const toApp = () => ({ appid: `wx${randomHex(random, 16)}`, secret: randomHex(random, 32) })
  const generated = toApp()
  const account = { appid: options.appid ?? generated.appid, secret: options.secret ?? generated.secret }
  const miniprogram = options.miniprogram ?? toApp()
  const originalId = `gh_${randomHex(random, 12)}`
  const platformId = `o${randomText(random, 27)}`
  return { account, miniprogram, callbackNames: { appid: account.appid, originalId, platformId } }
}
