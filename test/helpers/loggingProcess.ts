import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../src/base/log.ts'

/** Logs a line now and then; how it fared is on stdout: the lines that a process manager took over, then `alive`. */
const [, , kind] = process.argv
if (kind === 'managed') {
  process.stderr.write = (line) => process.stdout.write(`taken over: ${String(line)}`)
}
const log = createLog({ level: 'info', pretty: kind === 'pretty' })
for (let n = 0; n < 5; n++) {
  log.info({ n }, 'a line')
  await sleep(20)
}
process.stdout.write('alive\n')
process.exit(0)
