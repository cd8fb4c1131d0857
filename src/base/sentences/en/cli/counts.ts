/** So many of something. */
export const enCounts = {
  'count.follower': '{count} {count:follower|followers}',
  'count.push': '{count} {count:push|pushes}',
  'count.message': '{count} {count:message|messages}',
  'count.record': '{count} {count:record|records}',
  'count.change': '{count} {count:change|changes}',
  'count.line': '{count} {count:line|lines}',
  'count.duplicate': '{count} {count:duplicate|duplicates}',
  'count.recipient': '{count} {count:recipient|recipients}',
  'count.template': '{count} {count:template|templates}',
  'count.day': '{count} {count:day|days}',
  'count.row': '{count} {count:row|rows}',
  'count.attempt': '{count} {count:try|tries}',
  'count.broadcast': '{count} {count:broadcast|broadcasts}',
  'count.followersOrMore': '{count} followers or more',
} as const
