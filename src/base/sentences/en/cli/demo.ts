/** The demo and the simulator. */
export const enDemo = {
  'demo.made': 'A fake WeChat with {count} {count:follower|followers} is made',
  'demo.answers': 'It answers at {base}\n',
  'demo.starts':
    'A fake WeChat with {count} {count:follower|followers} answers at {base}; the program starts',
  'demo.first': 'First sync ',
  'demo.second': 'Second sync',
  'demo.pushes': 'Pushes     ',
  'demo.inProcess': 'a database inside this process: making it takes 5 to 30 s',
  'demo.worker': 'Worker       starts, with the queue in {place}',
  'demo.workerStarting': 'Worker       still starting, {duration}',
  'demo.workerReady': 'Worker       ready after {duration}',
  'demo.receiptsChecked': 'Receipts     WeChat checks our callback server',
  'demo.queueing': 'Pushes       2,000 are queued, and then all of them once more',
  'demo.receiptsAwaited': 'Receipts     the last ones are waited for',
  'demo.page':
    '\nPage  {url}\nKey   {key}\n\nOpen the page in a browser and log in with the key. Ctrl-C ends the demo and removes all of it.',
  'demo.table': 'Pushed to 2,000 users who',
  'demo.asked': 'asked',
  'demo.sent': 'sent',
  'demo.skipped': 'skipped',
  'demo.rejected': 'rejected',
  'demo.followers': 'followers',
  'demo.leftBeforeFirst': 'left before the first sync',
  'demo.leftBeforeSecond': 'left before the second sync',
  'demo.neverFollowed': 'never followed',
  'demo.leftSince': 'left since the last sync',
  'demo.badText': 'a text WeChat does not take',
  'demo.total': 'total',
  'demo.firstSync':
    'First sync   {added} {added:follower|followers} in {duration}, {withoutUnionid} of them without unionid',
  'demo.secondSync': 'Second sync  {fetched} fetched in {duration}, {left} had left',
  'demo.receipts':
    'Receipts     {delivered} delivered, {undelivered} undelivered because the user blocked the account',
  'demo.again': 'Asked again  {queued} queued, {duplicates} known already',
  'demo.wechat': `WeChat       accepted {accepted} {accepted:message|messages}, {twice} of them twice; refused {refused};
             was busy {busy} {busy:time|times}; gave out {tokens} {tokens:token|tokens}`,
  'demo.addsUp': 'Everything adds up, after {duration}.',
  'demo.doesNotAddUp': 'This does not add up:',
  'demo.andMore': '  and {count} more',

  'demo.sync': 'Sync      ',
  'demo.sentTo': 'Sent to    ',
  'demo.broadcastCreated': 'Broadcast    is created: 2 % of them first; a worker process is on its way',
  'demo.canary': 'Canary       {count} {count:was|were} sent to, and their receipts are waited for',
  'demo.canaryPassed': 'Canary       is delivered: it goes on by itself',
  'demo.pause':
    'Pause        {before} have it; in a second of the pause {during} were sent, and {left} {left:person|people} left',
  'demo.kill':
    'kill -9      the worker is dead, with {count} {count:recipient|recipients} in its hands; another one starts',
  'demo.afterKill':
    '             Theirs is not known: it has them after 20 s, and WeChat knows their messages again',
  'demo.recipients': 'Recipients',
  'demo.sum': 'sum',
  'demo.wechatBroadcast':
    'WeChat       accepted {accepted} {accepted:message|messages}, {twice} of them twice',

  'simulator.callbacksPassed': 'Callbacks go to {url}, which passed the URL check',
  'simulator.callbacksFailed': 'Callbacks go to {url}, which failed the URL check: {problem}',
  'simulator.text': `A fake WeChat with {followers} answers at {base}
{callbacks}Ctrl-C ends it.

Point unionpush at it, in another terminal:

{exports}

Then, for example:

  unionpush sync
  unionpush templates

Its people, what it counted, and how to make it fail:

{calls}
`,
} as const
