import { environmentSchema } from '../../src/base/environment.ts'

/** Where a worker or cron alone answers for its health. */
const ofEveryRole = 'METRICS_PORT'

/** Of the names that a file sets, those that the program would not read. */
export function findUnknownVariables(names: string[]): string[] {
  const known = [...Object.keys(environmentSchema.shape), ofEveryRole]
  return names.filter((name) => !known.includes(name))
}
