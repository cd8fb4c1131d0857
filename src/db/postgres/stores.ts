import type { Database } from '../database.ts'
import type { Stores } from '../stores.ts'
import { createAccountState } from './account/accountState.ts'
import { createOpenCircuits } from './account/openCircuits.ts'
import { createTemplatePauses } from './account/templatePauses.ts'
import { createTemplates } from './account/templates.ts'
import { createTokenStore } from './account/tokens.ts'
import { createBroadcastStore } from './broadcasts/broadcasts.ts'
import { createCallbackEvents } from './callbacks/callbackEvents.ts'
import { createIntercepted } from './callbacks/intercepted.ts'
import { createReceipts } from './callbacks/receipts.ts'
import { openPostgresDatabase, type PostgresDatabase, type PostgresDatabaseOptions } from './engine/open.ts'
import { createFollowers } from './followers/followers.ts'
import { createLiveFollowers } from './followers/live.ts'
import { createHeldPushes } from './pushes/heldPushes.ts'
import { createPushes } from './pushes/pushes.ts'
import { createAudit } from './shared/audit.ts'
import { createLeases } from './shared/leases.ts'
import { createSyncRuns } from './sync/syncRuns.ts'
import { createFindSessionUser, createSessions } from './users/sessions.ts'
import { createUsers } from './users/users.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

type PostgresStores = PostgresDatabase & Omit<Stores, keyof Database>

/** Rejects with a DatabaseError. */
export async function openPostgres(options: PostgresDatabaseOptions): Promise<PostgresStores> {
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
    intercepted: (appid) => createIntercepted(database, appid),
    leases: () => createLeases(database),
    openCircuits: (appid) => createOpenCircuits(database, appid),
    pushes: (appid) => createPushes(database, appid),
    receipts: (appid) => createReceipts(database, appid),
    sessions: (appid) => createSessions(database, appid),
    sessionUsers: () => createFindSessionUser(database, now),
    syncRuns: (appid) => createSyncRuns(database, appid),
    templates: (appid) => createTemplates(database, appid),
    templatePauses: (appid) => createTemplatePauses(database, appid),
    tokens: () => createTokenStore(database, now),
    users: (appid) => createUsers(database, appid),
    webhooks: () => createWebhooks(database),
  }
}
