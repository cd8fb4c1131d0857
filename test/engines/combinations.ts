/** A database and a queue that the program runs on. */
export interface Combination {
  database: 'sqlite' | 'postgres'
  queue: 'redis' | 'postgres' | 'embedded'
}

const all: readonly Combination[] = [
  { database: 'sqlite', queue: 'embedded' },
  { database: 'sqlite', queue: 'redis' },
  { database: 'postgres', queue: 'redis' },
  { database: 'postgres', queue: 'postgres' },
]

const { TEST_DATABASE, TEST_QUEUE } = process.env

/** All of them, or those with the engines that TEST_DATABASE and TEST_QUEUE name, separated by commas. */
export const combinations = all.filter(
  ({ database, queue }) => isWanted(TEST_DATABASE, database) && isWanted(TEST_QUEUE, queue),
)

function isWanted(wanted: string | undefined, engine: string): boolean {
  return wanted === undefined || wanted.split(',').includes(engine)
}
