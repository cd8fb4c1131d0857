import type { Fault } from './fault.ts'
import { callbackFaults } from './faults/callbacks.ts'
import { conditionFaults } from './faults/conditions.ts'
import { cronFaults } from './faults/cron.ts'
import { databaseFaults } from './faults/database.ts'
import { redisFaults } from './faults/redis.ts'
import { wechatFaults } from './faults/wechat.ts'
import { workerFaults } from './faults/workers.ts'

export const faults: readonly Fault[] = [
  ...workerFaults,
  ...redisFaults,
  ...databaseFaults,
  ...wechatFaults,
  ...cronFaults,
  ...callbackFaults,
  ...conditionFaults,
]
