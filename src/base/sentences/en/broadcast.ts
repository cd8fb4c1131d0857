/** What a broadcast is going to do. */
export const enBroadcast = {
  'broadcast.plan': '{recipients}: {ends}',
  'broadcast.planWithQuota':
    '{recipients}, {limit} {limit:send|sends} a day of which {reserve} % are kept for single pushes: {ends}',
  'broadcast.leftToday': '{left} of {limit} {limit:send|sends} {left:is|are} left today',
  'broadcast.endsToday': 'ends today about {time}',
  'broadcast.endsTomorrow': 'ends tomorrow about {time}',
  'broadcast.endsOn': 'ends on {day} about {time}',
  'broadcast.endUnknown': 'nobody knows when it ends',
  'broadcast.figures': '{count}: {figures}',
  'broadcast.figure': '{word} {count}',
  'broadcast.nobody': 'nobody',
  'broadcast.why': 'why: {reasons}',
  'broadcast.perSecond': '{rate} per second',
  'broadcast.perSecondToGo': '{rate} per second, {duration} to go',
  'broadcast.sendable': '{count}, {sendable} of them can be sent to',
  'broadcast.othersInvalid':
    'and {count} more {count:line|lines} that cannot be used: --skipped FILE has all of them',
  'broadcast.skipped': 'skipped {reason}: {count}',
  'broadcast.sample': 'to {who}: {message}',
  'broadcast.send': 'Send it?',
  'broadcast.nothing': 'Nothing was created',
  'broadcast.inFlight': '{count} {count:send under way ends as it ends|sends under way end as they end}',
  'broadcast.retried': '{count} {count:recipient waits|recipients wait} again',
  'broadcast.sentTo': 'Sent to',
} as const
