import type { AccountSettings, SharedConfig } from '../../base/config.ts'
import type { Fact, Sentence } from '../../base/sentences/sentence.ts'
import type { AccountState } from '../../db/accountState.ts'
import type { DatabaseError } from '../../db/databaseError.ts'
import type { Followers } from '../../db/followers.ts'
import type { OpenCircuits } from '../../db/openCircuits.ts'
import type { PushRows } from '../../db/pushes.ts'
import type { Stores } from '../../db/stores.ts'
import type { SyncRuns } from '../../db/syncRuns.ts'
import type { TemplatePauses, Templates } from '../../db/templates.ts'
import type { Users } from '../../db/users.ts'
import type { AskedRedis } from '../../queue/redis/info.ts'
import type { WechatApiError, WechatNetworkError } from '../../wechat/errors.ts'
import type { StoredToken } from '../../wechat/token.ts'
import type { CallbackReach, FollowerInfo, FollowerPage, Quota, Template } from '../../wechat/types.ts'

/** This machine, which is there whatever is set. */
export interface Machine {
  /** Working directory. */
  cwd: string
  nodeVersion: string
  /** Everything wrong with the settings. */
  problems: readonly Sentence[]
  accountsFile: string | undefined
}

/** What all accounts share. */
export interface Installation {
  config: SharedConfig
  /** Undefined when the database cannot be opened. */
  stores: Stores | undefined
  /** Why it cannot. */
  databaseError: DatabaseError | undefined
  /** What each base URL answers, in their order. */
  askBases(): Promise<BaseAnswer[]>
  /** Undefined where the queue is not in Redis. */
  askRedis(): Promise<AskedRedis | undefined>
  /** Whether anything answers at ALERT_WEBHOOK_URL; nothing is posted there. */
  askAlertUrl(): Promise<{ status: number } | { why: Fact }>
}

export interface BaseAnswer {
  base: string
  /** The proxy on the way. */
  proxy: string | undefined
  answer:
    | {
        status: number
        /** How it begins, when it is not JSON as WeChat's answers are. */
        page: string | undefined
        /** Milliseconds that the clock of WeChat is ahead of ours; undefined when it did not tell the time. */
        ahead: number | undefined
      }
    | { why: Fact }
}

/** One service account. */
export interface CheckedAccount {
  name: string
  appid: string
  config: AccountSettings
  /** Undefined when the database cannot be opened. */
  tables: Tables | undefined
  wechat: AskedWechat
  queue(): Promise<AskedQueue>
  /** Whether a worker answers. */
  hasWorker(): Promise<boolean>
}

export interface Tables {
  followers: Followers
  pushes: PushRows
  syncRuns: SyncRuns
  templates: Templates
  templatePauses: TemplatePauses
  accountState: AccountState
  openCircuits: OpenCircuits
  /** Who has logged in to the mini-program; undefined where there is none. */
  users: Users | undefined
  /** As another process has left it. */
  findToken(): Promise<StoredToken | undefined>
}

export type AskedQueue =
  | {
      counts: { waiting: number; active: number; delayed: number; failed: number }
      /** When the push that waits for the longest time was queued; epoch milliseconds. */
      oldestAt: number | undefined
    }
  | { why: Fact }

/** What a question got: an answer, WeChat's no, no usable answer, or nothing because no token could be had. */
export type Answered<T> =
  | { answer: T }
  | { refusal: WechatApiError }
  | { failure: WechatNetworkError }
  | 'no_token'

/** Questions to WeChat, each asked once however many checks want to know. */
export interface AskedWechat {
  /** An access_token from WeChat itself, whatever is stored. */
  token(): Promise<Answered<FreshToken>>
  /** One call with it. */
  tokenUse(): Promise<Answered<unknown>>
  miniProgramToken(): Promise<Answered<unknown>>
  templates(): Promise<Answered<Template[]>>
  followerPage(): Promise<Answered<FollowerPage>>
  /** Some followers as WeChat knows them. */
  followerSample(): Promise<Answered<FollowerInfo[]>>
  sendQuota(): Promise<Answered<Quota>>
  listQuota(): Promise<Answered<Quota>>
  tokenQuota(): Promise<Answered<Quota>>
  callbackCheck(): Promise<Answered<CallbackReach>>
}

export interface FreshToken {
  token: string
  /** Epoch milliseconds. */
  expiresAt: number
  /** The one that was stored before, if any. */
  stored: StoredToken | undefined
}
