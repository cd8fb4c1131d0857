import type { Log } from '../base/log.ts'
import { type Sentence, say } from '../base/sentences/sentence.ts'
import { errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { FollowerPage } from '../wechat/types.ts'

interface ListOptions {
  ask: (nextOpenid: string | undefined) => Promise<FollowerPage>
  /** The cursor an earlier part of the run stopped at; undefined = from the start. */
  from: string | undefined
  log: Log
}

export interface ListedPage extends FollowerPage {
  /** How the list ended, in words; undefined = it goes on at `nextOpenid`. Each is a good end of a list that is whole. */
  ending: Sentence | undefined
}

/**
 * WeChat's list of followers page by page, each asked for when the one before has been dealt with. Ends whatever WeChat
 * answers: a cursor that comes back is not followed again.
 */
export async function* listPages({ ask, from, log }: ListOptions): AsyncGenerator<ListedPage> {
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
      log.warn('next_openid refused, follower list is read from the start')
      return ask(undefined)
    }
  }

  if (from !== undefined) followed.add(from)
  for (let cursor = from; ; ) {
    const page = await askOrRestart(cursor)
    const { openids, nextOpenid } = page
    const ending = findEnding(page)
    yield { ...page, ending }
    if (ending !== undefined || nextOpenid === undefined) return
    if (openids.length > 0) followed.add(nextOpenid)
    cursor = nextOpenid
  }

  function findEnding({ openids, oddRows, nextOpenid }: FollowerPage): Sentence | undefined {
    if (openids.length + oddRows === 0) return say('sync.end.empty')
    if (nextOpenid === undefined) return say('sync.end.no_cursor')
    return followed.has(nextOpenid) ? say('sync.end.repeated') : undefined
  }
}

function isUnknownOpenid(error: unknown): boolean {
  return error instanceof WechatApiError && error.errcode === errcode.invalidOpenid
}
