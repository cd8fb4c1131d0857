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
import { openSqliteDatabase, type SqliteDatabase, type SqliteOptions } from './engine/open.ts'
import { createFollowers } from './followers/followers.ts'
import { createLiveFollowers } from './followers/live.ts'
import { createHeldPushes } from './pushes/heldPushes.ts'
import { createPushes } from './pushes/pushes.ts'
import { createAudit } from './shared/audit.ts'
import { readDatabaseId } from './shared/databaseIdentity.ts'
import { createLeases } from './shared/leases.ts'
import { createSyncRuns } from './sync/syncRuns.ts'
import { createFindSessionUser, createSessions } from './users/sessions.ts'
import { createUsers } from './users/users.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

export type SqliteStores = SqliteDatabase & Omit<Stores, keyof Database>

/** Each store prepares its statements when it is made. Rejects with a DatabaseError. */
export async function openSqlite(options: SqliteOptions): Promise<SqliteStores> {
  const database = await openSqliteDatabase(options)
  const stores: SqliteStores = {
    ...database,
    id: readDatabaseId(database),
    accountState: (appid) => createAccountState(stores, appid),
    audit: () => createAudit(stores),
    broadcasts: (appid) => createBroadcastStore(stores, appid),
    callbackEvents: (appid) => createCallbackEvents(stores, appid),
    followers: (appid) => createFollowers(stores, appid),
    liveFollowers: (appid) => createLiveFollowers(stores, appid),
    heldPushes: (appid) => createHeldPushes(stores, createPushes(stores, appid), appid),
    intercepted: (appid) => createIntercepted(stores, appid),
    leases: () => createLeases(stores),
    openCircuits: (appid) => createOpenCircuits(stores, appid),
    pushes: (appid) => createPushes(stores, appid),
    receipts: (appid) => createReceipts(stores, appid),
    sessions: (appid) => createSessions(stores, appid),
    sessionUsers: () => createFindSessionUser(stores),
    syncRuns: (appid) => createSyncRuns(stores, appid),
    templates: (appid) => createTemplates(stores, appid),
    templatePauses: (appid) => createTemplatePauses(stores, appid),
    tokens: () => createTokenStore(stores),
    users: (appid) => createUsers(stores, appid),
    webhooks: () => createWebhooks(stores),
  }
  return stores
}
