/** What the commands say that do something. */
export const enActions = {
  'confirm.ask': '{question} [y/N] ',
  'push.queued': 'Queued as {id}. What becomes of it: unionpush show {id}',
  'push.known': '{id} is known already: asking again sends nothing',
  'push.waiting': 'Waiting for a worker to send it; Ctrl-C leaves it queued',
  'push.staysQueued': '{sentence}. {id} stays queued',
  'push.lines': 'Lines',
  'push.stopped': 'Stopped after {count}; the rest of {path} is not queued',
  'push.badLine': 'line {line}: {reason}',
  'push.fileCounts': '{queued} queued, {duplicates}, {invalid} invalid',
  'progress.eta': 'ETA {duration}',

  'cancel.cancelled': '{id} is taken back and will not be sent',
  'cancel.too_late': 'Too late: {id} was tried already, or has come to its end. See unionpush show {id}',
  'pause.resumedMeanwhile': '{account} was resumed by somebody else just now',
  'pause.is': '{account} is {paused}',
  'pause.was': '{account} was already {paused}',
  'pause.unreachable':
    '{reason}\nIt is on record all the same: workers keep to it as soon as they reach the queue.',
  'resume.pausedAgain': '{account} was resumed, and is paused again: {detail}',
  'resume.done': '{account} is resumed',
  'resume.notPaused': '{account} was not paused',

  'resume.templateNotPaused': '{template} of {account} was not paused',
  'resume.template': '{template} of {account} is resumed, {count} {count:push goes|pushes go} out now',

  'templates.freeText': '{key} (free text)',
  'templates.asOf': 'WeChat gave no usable answer; these are as of {time}',
  'templates.missing': 'data.{key} is missing',
  'templates.unknown': 'data.{key} has no place in this template: the user never sees it',
  'templates.problem': '{field}: expected {rule}',
  'templates.unchanged': 'Nothing changed since the templates were last listed',
  'templates.added': '+ {template}  {title} (added)',
  'templates.removed': '- {template}  {title} (removed)',
  'templates.changed': '~ {template}  {title} (changed)',

  'webhooks.off': 'Switched off: {detail}. Then: unionpush webhooks enable',
  'webhooks.allTaken': 'Everything was taken',
  'webhooks.taken': 'Taken after {duration} ms',
  'webhooks.notTaken': 'Not taken: {error}',
  'webhooks.onAgain': 'Webhooks are on again',
  'webhooks.on': 'Webhooks are on, as they were',
  'webhooks.due': '{count} due now',
  'webhooks.repeated': '{tried}, {count} told once more',
  'webhooks.line': '{id}  {type}  {attempts}, {next}: {error}',
  'webhooks.givenUp': 'given up',
  'webhooks.next': 'next at {time}',

  'migrate.upToDate': '{address} is up to date',
  'migrate.copied': 'Copied',
  'migrate.verified': 'Verified',
  'migrate.again': '{address} has been written to since the copy began: the copy starts again',
  'migrate.table': 'Table',
  'migrate.rows': 'Rows',
  'migrate.checksum': 'Checksum',
  'migrate.done': '{rows} {rows:row|rows} of {from} {rows:is|are} in {to}, compared by number and checksum.',
  'migrate.doneResumed':
    '{rows} {rows:row|rows} of {from} {rows:is|are} in {to} (resumed), compared by number and checksum.',
  'migrate.now': `Now on every machine:
1. Set DATABASE_URL to what --to was.
2. Leave REDIS_URL as it is: what waits in Redis stays there, and workers on the new database send it. Without
   REDIS_URL, what waits in the queue of DATA_DIR does not move: let a worker on the old file send it, and copy after that.
3. Start cron, worker and serve again. Start nothing on the old file any more, and keep it as a backup.`,
} as const
