import type { Database } from '../database.ts'
import type { Stores } from '../stores.ts'
import { createAccountState } from './accountState.ts'
import { createAudit } from './audit.ts'
import { createBroadcastStore } from './broadcasts/broadcasts.ts'
import { createCallbackEvents } from './callbackEvents.ts'
import { openPostgresDatabase, type PostgresDatabase, type PostgresOptions } from './engine/open.ts'
import { createFollowers } from './followers/followers.ts'
import { createLiveFollowers } from './followers/live.ts'
import { createLeases } from './leases.ts'
import { createOpenCircuits } from './openCircuits.ts'
import { createHeldPushes } from './pushes/heldPushes.ts'
import { createPushes } from './pushes/pushes.ts'
import { createReceipts } from './pushes/receipts.ts'
import { createFindSessionUser, createSessions } from './sessions.ts'
import { createSyncRuns } from './syncRuns.ts'
import { createTemplates } from './templates.ts'
import { createTokenStore } from './tokens.ts'
import { createUsers } from './users.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

type PostgresStores = PostgresDatabase & Omit<Stores, keyof Database>

/** Rejects with a DatabaseError. */
export async function openPostgres(options: PostgresOptions): Promise<PostgresStores> {
  const { database, id } = await openPostgresDatabase(options)
  const { now = Date.now } = options
  return {
    ...database,
    id,
    accountState: (appid) => createAccountState(database, appid),
    audit: () => createAudit(database),
    broadcasts: (appid) => createBroadcastStore(database, appid),
    callbackEvents: (appid) => createCallbackEvents(database, appid),
    followers: (appid) => createFollowers(database, appid),
    liveFollowers: (appid) => createLiveFollowers(database, appid),
    heldPushes: (appid) => createHeldPushes(database, createPushes(database, appid), appid),
    leases: () => createLeases(database),
    openCircuits: (appid) => createOpenCircuits(database, appid),
    pushes: (appid) => createPushes(database, appid),
    receipts: (appid) => createReceipts(database, appid),
    sessions: (appid) => createSessions(database, appid),
    sessionUsers: () => createFindSessionUser(database, now),
    syncRuns: (appid) => createSyncRuns(database, appid),
    templates: (appid) => createTemplates(database, appid),
    tokens: () => createTokenStore(database, now),
    users: (appid) => createUsers(database, appid),
    webhooks: () => createWebhooks(database),
  }
}
