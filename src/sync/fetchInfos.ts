import { errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { FollowerInfo, FollowerInfos } from '../wechat/types.ts'

export interface FetchedInfos {
  infos: FollowerInfo[]
  /** WeChat says that there is no such openid. */
  refused: string[]
  /** Not in the answer, even when asked for again. */
  missing: string[]
  /** Rows of the answer that tell of nobody. */
  oddRows: number
}

export type FetchInfos = (openids: readonly string[]) => Promise<FetchedInfos>

interface Answered extends Omit<FetchedInfos, 'missing'> {
  /** WeChat refused the length of the list. */
  wasTooLong: boolean
}

const nothing: Answered = { infos: [], refused: [], oddRows: 0, wasTooLong: false }

/**
 * Asks about at most 100 openids; neither the order nor the number of the answers is promised, one bad openid may fail all,
 * and some accounts are refused lists that are as long as the documents allow. The length that works is kept.
 */
export function createFetchInfos(ask: (openids: readonly string[]) => Promise<FollowerInfos>): FetchInfos {
  let longest = 100

  return async (openids) => {
    const first = await askInPieces(openids)
    const missing = findMissing(openids, first)
    if (missing.length === 0) return { ...first, missing }
    const second = await askInPieces(missing)
    return {
      infos: [...first.infos, ...second.infos],
      refused: [...first.refused, ...second.refused],
      missing: findMissing(missing, second),
      // Those of the second answer stand where those of the first stood.
      oddRows: Math.max(first.oddRows, second.oddRows),
    }
  }

  async function askInPieces(openids: readonly string[]): Promise<Answered> {
    let all = nothing
    for (let start = 0; start < openids.length; ) {
      const piece = openids.slice(start, start + longest)
      start += piece.length
      all = join(all, await askInHalves(piece))
    }
    return all
  }

  async function askInHalves(openids: readonly string[]): Promise<Answered> {
    let isTooLong = false
    try {
      const { infos, oddRows } = await ask(openids)
      const asked = new Set(openids)
      const answers = new Map(infos.map((info) => [info.openid, info]))
      return { ...nothing, infos: [...answers.values()].filter(({ openid }) => asked.has(openid)), oddRows }
    } catch (error) {
      isTooLong = hasErrcode(error, errcode.invalidOpenidListSize)
      if (!isTooLong && !hasErrcode(error, errcode.invalidOpenid)) throw error
      if (openids.length === 1)
        return { ...nothing, refused: isTooLong ? [] : [...openids], wasTooLong: isTooLong }
    }
    const middle = Math.ceil(openids.length / 2)
    const left = await askInHalves(openids.slice(0, middle))
    const right = await askInHalves(openids.slice(middle))
    // Not when one half is refused as well: then it is an openid WeChat dislikes, and not the length.
    if (isTooLong && !left.wasTooLong && !right.wasTooLong) longest = Math.min(longest, middle)
    return { ...join(left, right), wasTooLong: isTooLong }
  }
}

function join(a: Answered, b: Answered): Answered {
  return {
    infos: [...a.infos, ...b.infos],
    refused: [...a.refused, ...b.refused],
    oddRows: a.oddRows + b.oddRows,
    wasTooLong: a.wasTooLong || b.wasTooLong,
  }
}

function hasErrcode(error: unknown, code: number): boolean {
  return error instanceof WechatApiError && error.errcode === code
}

function findMissing(openids: readonly string[], { infos, refused }: Answered): string[] {
  const answered = new Set([...infos.map((info) => info.openid), ...refused])
  return openids.filter((openid) => !answered.has(openid))
}
