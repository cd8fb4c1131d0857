import type { AccountState } from './accountState.ts'
import type { Audit } from './audit/audit.ts'
import type { Broadcasts } from './broadcasts/broadcasts.ts'
import type { CallbackEvents } from './callbackEvents.ts'
import type { Database } from './database.ts'
import type { Followers } from './followers.ts'
import type { HeldPushes } from './heldPushes.ts'
import type { Intercepted } from './intercepted/intercepted.ts'
import type { Leases } from './leases/leases.ts'
import type { LiveFollowers } from './liveFollowers.ts'
import type { OpenCircuits } from './openCircuits.ts'
import type { PushRows } from './pushes.ts'
import type { Receipts } from './receipts.ts'
import type { FindSessionUser, Sessions } from './sessions.ts'
import type { SyncRuns } from './syncRuns.ts'
import type { TemplatePauses, Templates } from './templates.ts'
import type { TokenRows } from './tokens.ts'
import type { Users } from './users.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

/** A database with all that is kept in it; `appid` is that of the service account, or of the mini-program for its users. */
export interface Stores extends Database {
  /** Tells this database, its backups and copies included, from all others. */
  readonly id: string
  accountState(appid: string): AccountState
  audit(): Audit
  broadcasts(appid: string): Broadcasts
  callbackEvents(appid: string): CallbackEvents
  followers(appid: string): Followers
  liveFollowers(appid: string): LiveFollowers
  heldPushes(appid: string): HeldPushes
  intercepted(appid: string): Intercepted
  leases(): Leases
  openCircuits(appid: string): OpenCircuits
  pushes(appid: string): PushRows
  receipts(appid: string): Receipts
  sessions(appid: string): Sessions
  sessionUsers(): FindSessionUser
  syncRuns(appid: string): SyncRuns
  templates(appid: string): Templates
  templatePauses(appid: string): TemplatePauses
  tokens(): TokenRows
  users(appid: string): Users
  /** Of all accounts. */
  webhooks(): Webhooks
}
