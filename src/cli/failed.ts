import { failedStatuses, type PushRow, type PushRows } from '../db/pushes.ts'
import { resend } from '../push/resend.ts'
import { toPushRecord } from '../push/toPushRecord.ts'
import { UsageError } from './args.ts'
import { defineCommand } from './command.ts'
import { formatPlural } from './format.ts'
import { createRecordLine } from './recordText.ts'
import { withApp } from './withApp.ts'

export const failed = defineCommand({
  name: 'failed',
  description: 'List what failed, or send it again',
  args: {
    action: { type: 'positional', required: false, description: 'retry: send them again' },
    reason: { type: 'string', description: 'only those with this reason' },
  },
  examples: [
    ['unionpush failed', 'rejected, undelivered and unknown pushes, newest first'],
    ['unionpush failed retry --reason retries_exhausted', 'once the bad day is over'],
  ],
  run({ action, reason }, out) {
    if (action !== undefined && action !== 'retry') {
      throw new UsageError(`Unexpected argument '${action}': expected retry or nothing`)
    }
    return withApp(out, async ({ config, pushes, openQueue }) => {
      const rows = listFailed(pushes, reason)
      if (action === 'retry') {
        const retried = await resend({ queue: openQueue(), pushes }, rows)
        await out.print({ retried }, () => `${formatPlural(retried, 'push', 'pushes')} queued again`)
        return 0
      }
      const count = await out.printAll(toRecords(rows), createRecordLine(config.timezone))
      out.remark(
        count === 0
          ? 'Nothing failed'
          : `${formatPlural(count, 'push', 'pushes')} failed. Send them again: unionpush failed retry`,
      )
      return 0
    })
  },
})

async function* toRecords(rows: AsyncIterable<PushRow>) {
  for await (const row of rows) yield toPushRecord(row)
}

/** The lists of all failed statuses, merged newest first. */
async function* listFailed({ history }: Pick<PushRows, 'history'>, reason: string | undefined) {
  const lists = failedStatuses.map((status) => history({ status, reason }))
  let heads = (await Promise.all(lists.map(advance))).flat()
  for (;;) {
    const [newest, ...others] = heads.sort((a, b) => b.row.createdAt - a.row.createdAt)
    if (newest === undefined) return
    yield newest.row
    heads = [...(await advance(newest.list)), ...others]
  }
}

async function advance(
  list: AsyncGenerator<PushRow>,
): Promise<{ row: PushRow; list: AsyncGenerator<PushRow> }[]> {
  const { done, value: row } = await list.next()
  return done ? [] : [{ row, list }]
}
