import { toPushRecord } from '../../push/toPushRecord.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { createRecordText } from '../recordText.ts'
import { withApp } from '../withApp.ts'

export const show = defineCommand({
  name: 'show',
  description: 'Show what became of a push',
  args: { id: { type: 'positional', description: 'as `push` printed it' } },
  examples: [['unionpush show order-42-shipped', 'see whether it was sent, and if not, why']],
  run: ({ id }, out) =>
    withApp(out, async ({ config, pushes, queued }) => {
      const row = (await pushes.find(id)) ?? (await queued.find(id))
      if (row === undefined) throw new NegativeAnswer('unknown_push', `No push with the id ${id} is known`)
      await out.print(toPushRecord(row), createRecordText(config.timezone))
      return 0
    }),
})
