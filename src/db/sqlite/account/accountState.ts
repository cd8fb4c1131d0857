import { eq } from 'drizzle-orm'
import type { AccountState } from '../../accountState.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater } from '../engine/statement.ts'
import { createAccountPause } from './accountPause.ts'
import { createAccountRate } from './accountRate.ts'
import { createAccountTrial } from './accountTrial.ts'
import { accountState } from './tables.ts'

/** What all workers of one account have to know: whether it is paused, why, and its pace. */
export function createAccountState(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): AccountState {
  const find = prepareLater(read.select().from(accountState).where(eq(accountState.appid, appid)))
  return {
    find: async () => find.get(),
    ...createAccountPause({ read, write }, appid),
    ...createAccountTrial({ read, write }, appid),
    ...createAccountRate({ read, write }, appid),
  }
}
