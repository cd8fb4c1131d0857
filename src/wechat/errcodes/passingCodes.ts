import { consolePages } from '../consolePages.ts'
import { group } from './row.ts'

/** What passes by itself or with another access_token. */
export const passingCodes = [
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
]
