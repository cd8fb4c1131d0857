import { type ErrcodeRow, group } from './row.ts'

/** Where the AppSecret itself is the credential, the same code is about the secret and no new token helps. */
export const tokenEndpointErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map(
  group('A', 'credentials_invalid', [40001], 'secret.'),
)

/** What a code of managing templates means for a message. */
export const sendErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map(
  group('C', 'template_invalid', [43100], 'send.'),
)

/** What a code of the account means for a push when template/send gives it to that one and accepts others. */
export const onePushErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map([
  ...group('R', 'recipient_invalid', [50002], 'onePush.'),
  ...group('C', 'miniprogram_invalid', [40013], 'onePush.'),
])

/** What the owner of the mini-program reads, whose calls are made under its own AppID. */
export const miniProgramErrcodes: ReadonlyMap<number, ErrcodeRow> = new Map([
  ...group('A', 'credentials_invalid', [40001, 40013, 40125, 40243, 41002, 41004], 'miniprogram.'),
  ...group('A', 'ip_not_allowed', [40090, 40164, 45035, 61004], 'miniprogram.'),
  ...group('A', 'api_unauthorized', [48001], 'miniprogram.'),
  ...group('Q', 'quota_exhausted', [45009], 'miniprogram.'),
])
