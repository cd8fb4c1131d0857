const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const benchAppid = 'wxbench0123456789'

/** The n-th follower's openid: 28 characters, in no order, as WeChat's are. */
export function openidAt(n: number): string {
  let state = Math.imul(n + 1, 0x9e3779b1)
  let openid = 'o'
  for (let i = 0; i < 27; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i
    openid += alphabet[(state >>> 13) & 63]
  }
  return openid
}

/** In another order than the openids. */
export function toUnionid(openid: string): string {
  return `o6${openid.slice(13)}${openid.slice(2, 13)}`
}

export function toInfoJson(openid: string): string {
  return `{"subscribe":1,"openid":"${openid}","language":"zh_CN","subscribe_time":1700000000,"unionid":"${toUnionid(openid)}","remark":"","groupid":0,"tagid_list":[],"subscribe_scene":"ADD_SCENE_SEARCH","qr_scene":0,"qr_scene_str":""}`
}
