import { enAccount } from './account.ts'
import { enAlerts } from './alerts.ts'
import { enBroadcast } from './broadcast.ts'
import { enChecks } from './checks.ts'
import { enActions } from './cli/actions.ts'
import { enCounts } from './cli/counts.ts'
import { enDemo } from './cli/demo.ts'
import { enLists } from './cli/lists.ts'
import { enUsage } from './cli/usage.ts'
import { enConfig } from './config.ts'
import { enDatabase } from './database.ts'
import { enDetails } from './details.ts'
import { enErrcodes } from './errcodes.ts'
import { enGeneral } from './general.ts'
import { enHttp } from './http.ts'
import { enInput } from './input.ts'
import { enPush } from './push.ts'
import { enQueue } from './queue.ts'
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
  ...enBroadcast,
  ...enConfig,
  ...enGeneral,
  ...enDatabase,
  ...enQueue,
  ...enInput,
  ...enUsage,
  ...enCounts,
  ...enLists,
  ...enDetails,
  ...enErrcodes,
  ...enActions,
  ...enDemo,
} as const
