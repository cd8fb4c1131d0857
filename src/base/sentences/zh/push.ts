/** 一条推送现在为什么发不出去。 */
export const zhPush = {
  'push.message': ['{field}：应为 {expected}，实际为 {found}', '这样的消息入队前就会被拒绝'],
  'push.template_unknown': ['账号下没有模板 {template}', '看 unionpush templates；改服务类目会清掉模板'],
  'push.data_missing': ['模板需要 {key}，data 里没有', '关键词为空微信会拒绝（47003）'],
  'push.not_following': [
    '没有 unionid 为 {unionid} 的粉丝',
    '没有关注，或还没同步到：执行 unionpush sync；加 --hold 可以等他关注后再发',
  ],
  'push.left': ['{openid} 已取消关注', '加 --hold 可以等他重新关注后再发'],
  'push.unknown_openid': ['{openid} 不是这个账号的已知粉丝', '不同账号的 openid 不通用；执行 unionpush sync'],
  'push.unionid_shared': ['有多个粉丝带 unionid {unionid}，微信确认之前不会发', 'unionpush sync 会去确认'],
  'push.never_synced': ['还没有一次完整的同步，粉丝可能不全', '执行 unionpush sync'],
} as const
