import { mix } from '../ids.ts'

const scenes = [
  'ADD_SCENE_SEARCH',
  'ADD_SCENE_QR_CODE',
  'ADD_SCENE_PROFILE_CARD',
  'ADD_SCENE_PROFILE_LINK',
  'ADD_SCENE_PROFILE_ITEM',
  'ADD_SCENE_PAID',
  'ADD_SCENE_WXA',
  'ADD_SCENE_CHANNELS',
  'ADD_SCENE_OTHERS',
] as const
const tagLists = ['[]', '[]', '[]', '[2]', '[128,2]'] as const

/** Seconds. Fixed, so that the same seed shows the same people in every run. */
const newestFollow = 1_760_000_000
const oldestFollowAge = 3 * 365 * 86_400

/** A user object as JSON of somebody who does not follow. */
export function toStrangerInfo(openid: string, unionid: string | undefined): string {
  return `{"subscribe":0,${toUnionidField(unionid)}"openid":${JSON.stringify(openid)}}`
}

/** A user object as JSON; what nobody set follows from the number. `since` is in seconds. */
export function toFollowerInfo(
  openid: string,
  unionid: string | undefined,
  since: number | undefined,
  number: number,
): string {
  const chance = mix(number)
  const followed = since ?? newestFollow - (chance % oldestFollowAge)
  return (
    `{"subscribe":1,"openid":${JSON.stringify(openid)},"language":"zh_CN","subscribe_time":${followed},` +
    `${toUnionidField(unionid)}"remark":"","groupid":0,"tagid_list":${tagLists[chance % tagLists.length]},` +
    `"subscribe_scene":"${scenes[chance % scenes.length]}","qr_scene":0,"qr_scene_str":""}`
  )
}

function toUnionidField(unionid: string | undefined): string {
  return unionid === undefined ? '' : `"unionid":${JSON.stringify(unionid)},`
}
