import type { Engines } from './engines.ts'
import type { Fault } from './fault.ts'
import { callbackFaults } from './faults/callbacks.ts'
import { clockFaults, policyFaults } from './faults/conditions.ts'
import { cronFaults } from './faults/cron.ts'
import { databaseFaults } from './faults/database.ts'
import { postgresFaults } from './faults/postgres.ts'
import { redisFaults } from './faults/redis.ts'
import { wechatFaults } from './faults/wechat.ts'
import { workerFaults } from './faults/workers.ts'

/** All that can happen to a run on these engines. */
export function listFaults({ database, queue }: Engines): readonly Fault[] {
  return [
    ...workerFaults,
    ...(queue === 'redis' ? redisFaults : []),
    ...databaseFaults,
    ...(database === 'postgres' ? postgresFaults : []),
    ...wechatFaults,
    ...cronFaults,
    ...callbackFaults,
    ...clockFaults,
    ...(queue === 'redis' ? policyFaults : []),
  ]
}
