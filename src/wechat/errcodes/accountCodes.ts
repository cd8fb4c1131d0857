import { consolePages } from '../consolePages.ts'
import { group } from './row.ts'

const whitelist = `add it under ${consolePages.whitelist}`
const secretPage = `compare WECHAT_APPID and WECHAT_SECRET with ${consolePages.secret}`
const noticeCentre = `read the notice in the console (${consolePages.notices}) and appeal there`
const approveIp = 'the administrator has to approve the request WeChat sent to their phone'
const platformOnly = 'this is a setting of the third-party platform (第三方平台) that acts for the account'

/** What the account or its configuration is refused for. */
export const accountCodes = [
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
]
