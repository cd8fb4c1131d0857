import { zhAccount } from './account.ts'
import { zhAlerts } from './alerts.ts'
import { zhBroadcast } from './broadcast.ts'
import { zhChecks } from './checks.ts'
import { zhActions } from './cli/actions.ts'
import { zhCounts } from './cli/counts.ts'
import { zhDemo } from './cli/demo.ts'
import { zhLists } from './cli/lists.ts'
import { zhUsage } from './cli/usage.ts'
import { zhConfig } from './config.ts'
import { zhDatabase } from './database.ts'
import { zhDetails } from './details.ts'
import { zhErrcodes } from './errcodes.ts'
import { zhGeneral } from './general.ts'
import { zhHttp } from './http.ts'
import { zhInput } from './input.ts'
import { zhPush } from './push.ts'
import { zhQueue } from './queue.ts'
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
  ...zhBroadcast,
  ...zhConfig,
  ...zhGeneral,
  ...zhDatabase,
  ...zhQueue,
  ...zhInput,
  ...zhUsage,
  ...zhCounts,
  ...zhLists,
  ...zhDetails,
  ...zhErrcodes,
  ...zhActions,
  ...zhDemo,
} as const
