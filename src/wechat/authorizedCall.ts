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
  async function attempt(request: WechatRequest, token: string): Promise<WechatAnswer> {
    try {
      const answer = await client.call(request, token)
      tokens.accepted()
      return answer
    } catch (error) {
      if (isAboutContent(error)) tokens.accepted()
      throw error
    }
  }

  return async (request) => {
    const token = await tokens.get()
    try {
      return await attempt(request, token)
    } catch (error) {
      if (!isTokenRefused(error)) throw error
    }
    const renewed = await tokens.renew(token)
    try {
      return await attempt(request, renewed)
    } catch (error) {
      throw isTokenRefused(error) ? tokens.toFault(error) : error
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
