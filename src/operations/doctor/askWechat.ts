import type { AppCredentials } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import { createWechatApi, type WechatApi } from '../../wechat/api.ts'
import type { WechatClient } from '../../wechat/client.ts'
import { reasonOf } from '../../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../../wechat/errors.ts'
import { createTokenSource, type StoredToken } from '../../wechat/token.ts'
import type { Answered, AskedWechat, FreshToken } from './subjects.ts'

interface AskDeps {
  client: Pick<WechatClient, 'call'>
  log: Log
  account: AppCredentials
  miniProgram: AppCredentials | undefined
  /** As another process has left it. */
  findToken(): Promise<StoredToken | undefined>
}

/** A sample of followers as large as one call takes. */
const sampleSize = 100

/** Asks WeChat with a token of its own, which is stored nowhere. */
export function createAskedWechat({ client, log, account, miniProgram, findToken }: AskDeps): AskedWechat {
  const { tokens, fetched } = createOwnTokens({ client, log, account })
  const api = createWechatApi({ client, tokens })

  const token = once(
    (): Promise<Answered<FreshToken>> =>
      ask(async () => {
        const stored = await findToken().catch(() => undefined)
        const value = await tokens.get()
        return { token: value, expiresAt: fetched()?.expiresAt ?? 0, stored }
      }),
  )
  const tokenUse = once(async (): Promise<Answered<unknown>> => {
    const got = await token()
    return isAnswer(got) ? ask(() => api.getApiAddresses()) : got
  })

  function withToken<T>(call: (api: WechatApi) => Promise<T>): () => Promise<Answered<T>> {
    return once(async () => (canBeUsed(await tokenUse()) ? ask(() => call(api)) : 'no_token'))
  }
  const followerPage = withToken(({ getFollowerPage }) => getFollowerPage(undefined))
  const quotaOf = (path: string) => withToken(({ getQuota }) => getQuota(path))

  return {
    token,
    tokenUse,
    miniProgramToken: once(async () => {
      if (miniProgram === undefined) return 'no_token'
      return ask(() => createOwnTokens({ client, log, account: miniProgram }).tokens.get())
    }),
    templates: withToken(({ listTemplates }) => listTemplates()),
    followerPage,
    followerSample: once(async () => {
      const page = await followerPage()
      if (!isAnswer(page)) return page
      const openids = page.answer.openids.slice(0, sampleSize)
      if (openids.length === 0) return { answer: [] }
      return ask(async () => (await api.getFollowers(openids)).infos)
    }),
    sendQuota: quotaOf('/cgi-bin/message/template/send'),
    listQuota: quotaOf('/cgi-bin/user/get'),
    tokenQuota: quotaOf('/cgi-bin/token'),
    callbackCheck: withToken(({ checkCallback }) => checkCallback()),
  }
}

function createOwnTokens({ client, log, account }: Pick<AskDeps, 'client' | 'log' | 'account'>) {
  let fetched: StoredToken | undefined
  const store = {
    load: async () => undefined,
    async save(_: string, token: StoredToken) {
      fetched = token
    },
  }
  return { tokens: createTokenSource({ ...account, client, store, log }), fetched: () => fetched }
}

async function ask<T>(call: () => Promise<T>): Promise<Answered<T>> {
  try {
    return { answer: await call() }
  } catch (error) {
    if (error instanceof WechatApiError) return { refusal: error }
    if (error instanceof WechatNetworkError) return { failure: error }
    throw error
  }
}

export function isAnswer<T>(asked: Answered<T>): asked is { answer: T } {
  return asked !== 'no_token' && 'answer' in asked
}

/** A token that WeChat took for one call, or refused that one call alone. */
export function canBeUsed(use: Answered<unknown>): boolean {
  if (use === 'no_token' || 'failure' in use) return false
  return 'answer' in use || reasonOf(use.refusal) === 'api_unauthorized'
}

/** The first call decides; all others get its answer. */
export function once<T>(call: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= call()
    return answer
  }
}
