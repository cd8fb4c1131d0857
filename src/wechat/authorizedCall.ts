import type { WechatAnswer } from './answer.ts'
import type { WechatClient, WechatRequest } from './client.ts'
import { WechatApiError } from './errors.ts'
import type { TokenSource } from './token.ts'

export interface AuthorizedCallDeps {
  client: Pick<WechatClient, 'call'>
  tokens: Pick<TokenSource, 'get' | 'renew' | 'accepted' | 'toFault'>
}

export type AuthorizedCall = (request: WechatRequest) => Promise<WechatAnswer>

/**
 * Calls with the access_token of the account. A refused token is replaced and the call repeated once: a call that WeChat
 * refused that way has had no effect.
 */
export function createAuthorizedCall({ client, tokens }: AuthorizedCallDeps): AuthorizedCall {
  return async (request) => {
    let token = await tokens.get()
    for (let isRenewed = false; ; isRenewed = true) {
      try {
        const answer = await client.call(request, token)
        tokens.accepted()
        return answer
      } catch (error) {
        if (isAboutContent(error)) tokens.accepted()
        if (!isTokenRefused(error)) throw error
        if (isRenewed) throw tokens.toFault(error)
      }
      token = await tokens.renew(token)
    }
  }
}

function isTokenRefused(error: unknown): error is WechatApiError {
  return error instanceof WechatApiError && error.class === 'T'
}

/** WeChat looks at recipient, message and code only after it took the token. */
function isAboutContent(error: unknown): boolean {
  return error instanceof WechatApiError && ['R', 'C', 'L'].includes(error.class)
}
