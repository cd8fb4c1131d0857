import type { Config } from '../../base/config.ts'
import { createLog } from '../../base/log.ts'
import type { OpenedExamined } from '../../doctor.ts'
import { isPretty, toCommandLevel } from '../accounts/withAccounts.ts'
import type { Output } from '../output.ts'

/** Opens what can be opened of the accounts that are meant, and closes it whatever happens. */
export async function withExamined<T>(
  out: Output,
  narrow: (config: Config) => Config,
  use: (examined: OpenedExamined) => Promise<T>,
): Promise<T> {
  const { openExamined } = await import('../../doctor.ts')
  const examined = await openExamined(
    (config) => createLog({ level: toCommandLevel(config), pretty: isPretty(out) }),
    narrow,
  )
  try {
    return await use(examined)
  } finally {
    await examined.close()
  }
}
