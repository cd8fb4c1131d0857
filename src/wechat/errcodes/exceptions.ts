import { consolePages } from '../consolePages.ts'
import { type ErrcodeRow, group } from './row.ts'

/** Where the AppSecret itself is the credential, the same code is about the secret and no new token helps. */
export const tokenEndpointErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map(
  group('A', 'credentials_invalid', {
    40001: [
      'the AppSecret is wrong or belongs to another account',
      `compare WECHAT_APPID and WECHAT_SECRET with ${consolePages.secret}`,
    ],
  }),
)

/** What a code of managing templates means for a message. */
export const sendErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map(
  group('C', 'template_invalid', {
    43100: [
      'the template can no longer be sent: it has left the template library, or the industry was changed',
      'choose another one of the category library (类目模板库) and compare with `unionpush templates`',
    ],
  }),
)

/** What a code of the account means for a push when template/send gives it to that one and accepts others. */
export const onePushErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map([
  ...group('R', 'recipient_invalid', { 50002: 'the WeChat account of this user is restricted or frozen' }),
  ...group('C', 'miniprogram_invalid', {
    40013: ['the mini-program has no valid AppID', 'check miniprogram.appid of the message'],
  }),
])

const credentials = `compare WECHAT_MINIPROGRAM_APPID and WECHAT_MINIPROGRAM_SECRET with ${consolePages.miniProgram}`
const whitelist = `add it to the IP白名单 of the mini-program: ${consolePages.miniProgram}`

/** What the owner of the mini-program reads, whose calls are made under its own AppID. */
export const miniProgramErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map([
  ...group('A', 'credentials_invalid', {
    40001: ['the AppSecret of the mini-program is wrong or belongs to another app', credentials],
    40013: ['the AppID of the mini-program is wrong', credentials],
    40125: ['the AppSecret of the mini-program is wrong or was reset', credentials],
    40243: ['the AppSecret of the mini-program is frozen', `unfreeze it: ${consolePages.miniProgram}`],
    41002: ['the AppID of the mini-program is missing', credentials],
    41004: ['the AppSecret of the mini-program is missing', credentials],
  }),
  ...group('A', 'ip_not_allowed', {
    40090: ['WeChat refuses the IP of this machine', whitelist],
    40164: ['the IP of this machine is not in the whitelist', whitelist],
    45035: ['the IP of this machine is not in the whitelist', whitelist],
    61004: ['the IP of this machine is not in the whitelist', whitelist],
  }),
  ...group('A', 'api_unauthorized', {
    48001: [
      'the mini-program may not call this API',
      'WECHAT_MINIPROGRAM_APPID has to be that of a mini-program, which is released and, for phone numbers, verified (认证)',
    ],
  }),
  ...group('Q', 'quota_exhausted', {
    45009: [
      'the daily call quota of the mini-program is used up',
      `there is a new one at 00:00 in Shanghai; ${consolePages.miniProgram} shows it`,
    ],
  }),
])
