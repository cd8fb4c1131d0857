import { enAccount } from './account.ts'
import { enAlerts } from './alerts.ts'
import { enChecks } from './checks.ts'
import { enHttp } from './http.ts'
import { enPush } from './push.ts'
import { enRefusals } from './refusals.ts'
import { enServer } from './server.ts'
import { enWechat } from './wechat.ts'

/** Sentences for people, by what happened; `zh` has the same keys, and in each sentence the same facts. */
export const en = {
  ...enChecks,
  ...enServer,
  ...enWechat,
  ...enAccount,
  ...enPush,
  ...enRefusals,
  ...enHttp,
  ...enAlerts,
} as const
