import { zhAccount } from './account.ts'
import { zhAlerts } from './alerts.ts'
import { zhChecks } from './checks.ts'
import { zhHttp } from './http.ts'
import { zhPush } from './push.ts'
import { zhRefusals } from './refusals.ts'
import { zhServer } from './server.ts'
import { zhWechat } from './wechat.ts'

/** The same sentences for those who read Chinese. */
export const zh = {
  ...zhChecks,
  ...zhServer,
  ...zhWechat,
  ...zhAccount,
  ...zhPush,
  ...zhRefusals,
  ...zhHttp,
  ...zhAlerts,
} as const
