import { errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { FollowerInfo } from '../wechat/types.ts'

type Ask = (openids: readonly string[]) => Promise<FollowerInfo[]>

export interface FetchedInfos {
  infos: FollowerInfo[]
  /** WeChat lists them as followers, and says that there is no such openid. */
  refused: string[]
  /** Not in the answer, even when asked for again. */
  missing: string[]
}

/** At most 100 openids; neither the order nor the number of the answers is promised, and one bad openid may fail all. */
export async function fetchInfos(ask: Ask, openids: readonly string[]): Promise<FetchedInfos> {
  const first = await askInHalves(ask, openids)
  const missing = findMissing(openids, first)
  if (missing.length === 0) return { ...first, missing }
  const second = await askInHalves(ask, missing)
  const both = { infos: [...first.infos, ...second.infos], refused: [...first.refused, ...second.refused] }
  return { ...both, missing: findMissing(missing, second) }
}

async function askInHalves(ask: Ask, openids: readonly string[]): Promise<Omit<FetchedInfos, 'missing'>> {
  try {
    const asked = new Set(openids)
    const answers = new Map((await ask(openids)).map((info) => [info.openid, info]))
    return { infos: [...answers.values()].filter(({ openid }) => asked.has(openid)), refused: [] }
  } catch (error) {
    if (!(error instanceof WechatApiError) || error.errcode !== errcode.invalidOpenid) throw error
    if (openids.length === 1) return { infos: [], refused: [...openids] }
  }
  const middle = Math.ceil(openids.length / 2)
  const left = await askInHalves(ask, openids.slice(0, middle))
  const right = await askInHalves(ask, openids.slice(middle))
  return { infos: [...left.infos, ...right.infos], refused: [...left.refused, ...right.refused] }
}

function findMissing(
  openids: readonly string[],
  { infos, refused }: Omit<FetchedInfos, 'missing'>,
): string[] {
  const answered = new Set([...infos.map((info) => info.openid), ...refused])
  return openids.filter((openid) => !answered.has(openid))
}
