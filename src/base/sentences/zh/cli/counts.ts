/** 数量。 */
export const zhCounts = {
  'count.follower': '{count} 个粉丝',
  'count.push': '{count} 条推送',
  'count.message': '{count} 条消息',
  'count.record': '{count} 条记录',
  'count.change': '{count} 处变动',
  'count.line': '{count} 行',
  'count.duplicate': '{count} 条重复',
  'count.recipient': '{count} 人',
  'count.template': '{count} 个模板',
  'count.day': '{count} 天',
  'count.row': '{count} 行',
  'count.attempt': '已试 {count} 次',
  'count.broadcast': '{count} 次群发',
  'count.followersOrMore': '至少 {count} 个粉丝',
} as const
