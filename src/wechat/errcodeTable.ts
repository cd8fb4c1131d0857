import type { AccountReason, ErrcodeReason, MessageReason, PassingReason } from '../push/status.ts'
import { consolePages } from './consolePages.ts'

/**
 * What to do about a code: T get another access_token, B back off, Q wait for the quota, R this recipient cannot be
 * reached, C this message cannot be sent, A the account or configuration is wrong, L the user must log in again,
 * O only seen when managing the account.
 */
export type ErrcodeClass = 'T' | 'B' | 'Q' | 'R' | 'C' | 'A' | 'L' | 'O'

/** What the codes of a class can stand for. */
interface ReasonOf {
  T: AccountReason
  B: PassingReason
  Q: AccountReason
  R: MessageReason
  C: MessageReason
  A: AccountReason
  L: MessageReason
  O: MessageReason
}

export interface ErrcodeRow {
  class: ErrcodeClass
  /** Machine-readable cause, as push records and pauses carry it. */
  reason: ErrcodeReason
  meaning: string
  /** What a person can do about it. */
  advice?: string
}

/** Codes that other code treats one by one. */
export const errcode = {
  ok: 0,
  busy: -1,
  invalidOpenid: 40003,
  invalidOpenidListSize: 40032,
  invalidTemplateId: 40037,
  ipNotInWhitelist: 40164,
  ipNotRegistered: 61004,
  minuteQuota: 45011,
  dailyQuota: 45009,
  sentMomentAgo: 40241,
  notFollowing: 43004,
  noLongerFollowing: 50005,
  invalidData: 47003,
  inReview: 40252,
  alreadySent: 45065,
  repeatedTooSoon: 45066,
  tokenRefused: 40001,
  codeInvalid: 40029,
  codeUsed: 40163,
  userBlocked: 40226,
  sessionKeyGone: 87007,
  sessionKeyInvalid: 87009,
  orderInvalid: 89300,
  orderMismatch: 9300501,
} as const

type Meaning = string | readonly [meaning: string, advice: string]

const whitelist = `add it under ${consolePages.whitelist}`
const secretPage = `compare WECHAT_APPID and WECHAT_SECRET with ${consolePages.secret}`
const noticeCentre = `read the notice in the console (${consolePages.notices}) and appeal there`
const approveIp = 'the administrator has to approve the request WeChat sent to their phone'
const platformOnly = 'this is a setting of the third-party platform (第三方平台) that acts for the account'

/** Every documented code but 0. Numbers and classes are facts of WeChat's documentation and of user reports. */
export const errcodes: ReadonlyMap<number, ErrcodeRow> = new Map([
  ...group('T', 'token_invalid', {
    40001: 'the access_token is not the current one',
    40014: 'the access_token is not valid for this account',
    42001: 'the access_token has expired',
  }),
  ...group('B', 'busy', {
    [-1]: 'WeChat is busy',
    20001: 'WeChat had an internal error',
    61450: 'WeChat had an internal error',
    200001: 'WeChat had an internal error in template management',
    268487001: 'WeChat is too busy to change the blacklist',
    268487002: 'WeChat is too busy to list the followers',
    1119003: 'WeChat could not take the message just now',
    9001002: 'a service behind the WeChat API is down',
  }),
  ...group('B', 'rate_limited', {
    43108: 'several messages were sent to this user at the same moment',
    45011: 'too many calls in this minute',
    45033: 'too many calls at the same time',
    45061: 'this was changed too often just now',
    45066: 'the same message was handed in less than a minute ago',
  }),
  ...group('Q', 'quota_exhausted', {
    45009: [
      'the daily call quota of the account is used up',
      `there is a new one at 00:00 in Shanghai; ${consolePages.quota} shows it`,
    ],
    45028: 'the mass-message quota is used up',
    45040: 'the monthly quota is used up',
  }),
  ...group('R', 'recipient_invalid', {
    40003: [
      'the openid is malformed, not a follower or of another account',
      'only openids of this account work',
    ],
    43004: 'the user does not follow this service account',
    43005: 'the user is not a friend of this account',
    43007: 'the user has not authorised this account',
    46004: 'there is no such user',
    49003: 'the openid belongs to another account',
    50005: 'the user no longer follows this service account',
  }),
  ...group('R', 'recipient_blocked', {
    43006: 'the user has blocked this service account',
    43019: ['the user is on the blacklist of this account', 'take the user off it under 用户管理 > 黑名单'],
    43101: 'the user has not subscribed to this message, or the subscription is used up',
    48002: 'the user has switched off messages from this account',
  }),
  ...group('R', 'recipient_limit', {
    40241: 'the same message went to this user less than a minute ago',
    43117: 'the user has had too many messages of this account lately',
    45015: 'the user last wrote too long ago for a customer-service message',
    45047: 'the user has had as many customer-service messages as are allowed',
  }),
  ...group('C', 'template_invalid', {
    40036: 'the template id has the wrong length',
    40037: [
      'this account has no such template',
      'compare it with `unionpush templates`; a category change removes some',
    ],
    43102: 'the template is not a subscription template',
    48011: ['WeChat has disabled this template', 'choose another one under 广告与服务 > 模板消息'],
  }),
  ...group('C', 'data_invalid', {
    40034: 'the template message is too big',
    40062: 'the title is longer than 15 characters',
    40250: 'the content is not well formed, for example a value is empty',
    44003: 'the article is empty',
    45003: 'the title is too long',
    45012: 'the template message is too big',
    45013: 'the message has too many keywords',
    45014: 'the template message is too big',
    46001: 'the media file does not exist',
    47003: 'a value is empty or breaks the rule of its keyword type',
  }),
  ...group('C', 'url_invalid', {
    40039: 'the url is too long',
    40066: 'the url is not valid or its page is blocked',
    45005: 'the url is too long',
    45051: 'the url is one that template messages may not carry',
  }),
  ...group('C', 'miniprogram_invalid', {
    40165: ['the mini-program has no such page', 'check miniprogram.pagepath against the released version'],
    40166: ['the mini-program is unknown or not linked', `link it under ${consolePages.bindings}`],
    41030: 'the released mini-program has no such page',
  }),
  ...group('C', 'content_forbidden', {
    40249: 'the content is blocked: neither marketing nor anything illegal may be sent as a template message',
    43116: ['the template is restricted because it was abused', noticeCentre],
    45168: 'the content has a forbidden word',
    87014: 'the content did not pass the safety check',
  }),
  ...group('C', 'in_review', {
    40252: [
      'WeChat holds the message for review, about half an hour, and then delivers or drops it by itself',
      'do not send it again, for that would be a second message',
    ],
  }),
  ...group('C', 'request_invalid', {
    404: 'the endpoint does not exist for this HTTP method',
    20002: 'a parameter is wrong',
    40008: 'the message type is wrong',
    40031: 'the list of openids is not valid',
    40032: 'the list of openids is empty or too long',
    40033: 'the request has \\u escapes instead of UTF-8',
    40035: 'a parameter is wrong',
    40092: 'the remark is longer than 29 bytes or not valid',
    40097: 'a parameter is wrong',
    40101: 'a parameter is missing',
    40246: 'the keywords do not fit the library template',
    40247: 'only templates of the category library (类目模板库) can be added',
    41001: 'the access_token is missing',
    41009: 'the openid is missing',
    43001: 'the endpoint wants GET',
    43002: 'the endpoint wants POST',
    43003: 'the endpoint wants HTTPS',
    44002: 'the request body is empty',
    45067: 'the id of the mass message is longer than 32 bytes',
    47001: 'the request body is not valid JSON or lacks a parameter',
    47002: 'the request has \\u escapes instead of UTF-8',
    61451: 'a parameter is wrong',
  }),
  ...group('A', 'credentials_invalid', {
    40002: 'the grant_type is wrong',
    40013: ['the AppID is wrong', secretPage],
    40125: ['the AppSecret is wrong or was reset', secretPage],
    40243: ['the AppSecret is frozen', `unfreeze it under ${consolePages.secret}, which takes 10 minutes`],
    41002: ['the AppID is missing', secretPage],
    41004: ['the AppSecret is missing', secretPage],
  }),
  ...group('A', 'ip_not_allowed', {
    40090: ['WeChat refuses the IP of this machine', whitelist],
    40164: ['the IP of this machine is not in the whitelist', whitelist],
    45035: ['the IP of this machine is not in the whitelist', whitelist],
    61004: ['the IP of this machine is not in the whitelist', whitelist],
    89501: ['the IP of this machine still waits to be approved', approveIp],
    89503: ['the IP of this machine has to be approved', approveIp],
    89506: ['the administrator refused the IP of this machine twice', 'WeChat blocks it for 24 hours'],
    89507: ['the administrator refused the IP of this machine', 'WeChat blocks it for one hour'],
  }),
  ...group('A', 'account_restricted', {
    40251: ['the reduced daily send limit of an account with violations is used up', noticeCentre],
    43107: ['subscription messages are banned for this account', noticeCentre],
    45102: ['WeChat has blocked this API for a while', noticeCentre],
    45501: ['the platform has blocked calls of this account for a while', noticeCentre],
    48004: ['this API is banned for this account after violations', noticeCentre],
    50002: ['the account is restricted, frozen or closed', noticeCentre],
    50004: ['this account may not get an access_token', noticeCentre],
    50007: ['the account is frozen', noticeCentre],
    200011: ['template management is banned for this account', noticeCentre],
  }),
  ...group('A', 'api_unauthorized', {
    40200: 'this kind of account may not call this API',
    43104: 'this AppID may not use this feature',
    45103: 'WeChat has withdrawn this API',
    45109: 'WeChat has withdrawn this API',
    46101: 'WeChat has withdrawn template messages of mini-programs',
    48001: [
      'this account may not call this API',
      'it needs a verified (认证) service account (服务号), and its own AppID rather than that of the mini-program',
    ],
    48003: [
      'the mass-message agreement is not accepted',
      `accept it in the console (${consolePages.notices})`,
    ],
    48008: 'this account may not send this kind of message',
    48009: 'WeChat has withdrawn this API',
    50001: ['the account has not authorised this API', platformOnly],
    61003: ['the account has not authorised the platform', platformOnly],
    61007: ['the account has not authorised this API to the platform', platformOnly],
    61016: ['the function category is not confirmed', platformOnly],
    89002: [
      'the account is not bound to an Open Platform account',
      `bind it under ${consolePages.openPlatform}`,
    ],
    200100: 'this kind of account may not manage subscription templates',
  }),
  ...group('L', 'login_failed', {
    40029: 'the login code is wrong or older than five minutes',
    40030: 'the refresh_token is wrong',
    40163: 'the login code was already used',
    40226: 'WeChat takes this user for a risk and refuses the login',
    41003: 'the refresh_token is missing',
    41008: 'the login code is missing',
    42002: 'the refresh_token has expired',
    42003: 'the login code has expired',
    42007: 'the user changed the password, so earlier logins are void',
    87007: 'the session_key is gone',
    87008: 'the signature method is not hmac_sha256',
    87009: 'the session_key is no longer valid',
    89300: 'there is no such payment order',
    9300501: 'the payment order does not match',
  }),
  ...group('O', 'already_sent', {
    45065: 'WeChat says that this message was already sent',
  }),
  ...group('O', 'operation_refused', {
    40201: 'the account has no callback URL to check',
    40202: 'the callback check knows no such action',
    40203: 'the callback check knows no such operator',
    43100: 'the industry can be changed once a month',
    43106: 'this account may not add templates, after violations',
    45026: 'the account has as many templates as it may have',
    45027: 'the template is not of the industry of the account',
    48006: 'the quota was cleared as often as a month allows',
    63178: 'the account the openids come from is wrong',
    63182: 'the list of openids is empty',
    63183: 'there was no migration between these accounts',
    76001: 'there is no such rid',
    76002: 'the rid is empty or malformed',
    76003: 'the rid belongs to another account',
    76004: 'the rid is older than seven days',
    76021: 'there is no such API path',
    76022: 'the access_token has no say over this API',
    200002: 'a parameter is wrong',
    200012: 'the account has as many subscription templates as it may have',
    200013: 'this library template is banned',
    200014: 'the template number is wrong',
    200016: 'the start of the page is wrong',
    200017: 'the size of the page is wrong',
    200018: 'the categories are missing',
    200019: 'the categories are wrong',
    200020: 'the keywords are wrong',
    200021: 'the scene description is wrong',
  }),
])

/** Rows that have class and cause in common. */
export function group<C extends ErrcodeClass>(
  errcodeClass: C,
  reason: ReasonOf[C],
  meanings: Record<number, Meaning>,
) {
  return Object.entries(meanings).map(([code, given]): [number, ErrcodeRow] => {
    const row = { class: errcodeClass, reason }
    return [
      Number(code),
      typeof given === 'string'
        ? { ...row, meaning: given }
        : { ...row, meaning: given[0], advice: given[1] },
    ]
  })
}
