import type { Edit } from './program.ts'

/** What keeps a promise, and what the program is without it: a run must then find that the promise is broken. */
export interface Guard {
  edits: readonly Edit[]
  /** Faults (by a part of their names) that the guard is there for. */
  against: string
  /** What the audit says without it. */
  found: RegExp
}

export const guards: Record<string, Guard> = {
  'one client_msg_id for all tries of a push': {
    edits: [['pushRow.js', '.slice(0, 32)', '.slice(0, 28) + Math.random().toFixed(2)']],
    against: 'between the call and its answer',
    found: /accepted \d times/,
  },
  'a record before the call, looked at before the next one': {
    edits: [
      ['progress.js', '!hasEnded(found)', 'true'],
      [
        'pushes.js',
        "generation = excluded.generation and status in ('queued', 'sending')",
        'generation = excluded.generation',
      ],
    ],
    against: 'between the record and the completion',
    found: /after its final record/,
  },
  'msgids as text': {
    edits: [['processor.js', 'msgid = answer.msgid', 'msgid = String(Number(answer.msgid))']],
    against: 'SIGTERM of a worker',
    found: /sent with msgid/,
  },
  'refusals for pace cost no try': {
    edits: [['outcome.js', 'isAboutPush && !tooFast', 'isAboutPush']],
    against: 'a burst of 45011',
    found: /tries on record/,
  },
  'a push that cannot be recorded is handed out again': {
    edits: [
      [
        'processor.js',
        "return { kind: 'later', delay: 5 * second, cause: error }",
        "return { kind: 'done', wasSent: false }",
      ],
    ],
    against: 'the disk is full',
    found: /there is no record|not final/,
  },
  'what a lock of a dead worker held is handed out again': {
    edits: [['consumer.js', 'stalledInterval: second', 'stalledInterval: 1_000 * second']],
    against: 'kill -9 between the call and its answer',
    found: /not drained/,
  },
  'jobs are kept while the account is paused': {
    edits: [['accountGuard.js', ': queue.resume()', ': undefined']],
    against: 'the IP address is not allowed',
    found: /not drained/,
  },
  'a callback is answered when it is stored': {
    edits: [
      [
        'callback.js',
        'const isNew = await events.record(toFacts(told), now())',
        'const isNew = !events.record(toFacts(told), now()).catch(() => {})',
      ],
    ],
    against: 'before it can store anything',
    found: /receipt was taken/,
  },
  'a receipt waits for its send to be recorded': {
    edits: [['receipts.js', 'receipts.toKeep(kept)', 'receipts.toKeep([])']],
    against: 'before the send is recorded',
    found: /receipt was taken/,
  },
  'a callback counts only with its signature': {
    edits: [['receive.js', '!isSigned(msgSignature, encrypt)', 'false']],
    against: 'forged posts',
    found: /which no receipt said/,
  },
  'settings of Redis that lose pushes are warned of': {
    edits: [['workerQueue.js', 'log.warn({ queue: backend.place }, danger.sentence)', '']],
    against: 'the eviction policy',
    found: /no worker warned/,
  },
  'the limit per second is written again': {
    edits: [['rateController.js', 'run(takeUp)', 'undefined']],
    against: 'Redis is emptied',
    found: /never learnt the rate|allowed are/,
  },
  'secrets are in no log': {
    edits: [
      [
        'callback.js',
        'const refusals =',
        'log.info(Buffer.from(JSON.stringify(accounts)).toString("base64")); const refusals =',
      ],
    ],
    against: 'SIGTERM of the callback server',
    found: /a secret is in the log/,
  },
}
