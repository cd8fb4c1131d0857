import type { Log } from '../log.ts'
import { errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { FollowerPage } from '../wechat/types.ts'

interface ListOptions {
  ask: (nextOpenid: string | undefined) => Promise<FollowerPage>
  /** The cursor an earlier part of the run stopped at; undefined = from the start. */
  from: string | undefined
  log: Log
}

/**
 * WeChat's list of followers page by page, each asked for when the one before has been dealt with; the last page has no
 * `nextOpenid`. Ends whatever WeChat answers: a cursor that comes back is not followed again.
 */
export async function* listPages({ ask, from, log }: ListOptions): AsyncGenerator<FollowerPage> {
  const followed = new Set<string>()
  let hasRestarted = false

  /** The cursor is an openid, which WeChat may no longer know once its user has left. */
  async function askOrRestart(cursor: string | undefined): Promise<FollowerPage> {
    try {
      return await ask(cursor)
    } catch (error) {
      if (cursor === undefined || hasRestarted || !isUnknownOpenid(error)) throw error
      hasRestarted = true
      followed.clear()
      log.warn('WeChat does not know the place in its list of followers any more; reading it from the start')
      return ask(undefined)
    }
  }

  for (let cursor = from; ; ) {
    const page = await askOrRestart(cursor)
    const next = page.nextOpenid
    if (next === undefined) return yield page
    if (followed.has(next)) {
      log.warn({ pages: followed.size }, 'WeChat repeats itself in its list of followers; the list ends here')
      return yield { ...page, nextOpenid: undefined }
    }
    followed.add(next)
    cursor = next
    yield page
  }
}

function isUnknownOpenid(error: unknown): boolean {
  return error instanceof WechatApiError && error.errcode === errcode.invalidOpenid
}
