import { pino } from 'pino'
import { hostEmbeddedQueue } from '../../src/queue/embedded/host.ts'

/** A process that hosts the embedded queue of the directory it is given, until it is killed. */
await hostEmbeddedQueue(process.argv[2] ?? '', pino({ level: 'silent' }))
process.send?.('ready')
process.on('disconnect', () => process.exit())
