import { consolePages } from '../consolePages.ts'
import { group } from './row.ts'

const noticeCentre = `read the notice in the console (${consolePages.notices}) and appeal there`

/** What one message or its user is refused for. */
export const messageCodes = [
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
]
