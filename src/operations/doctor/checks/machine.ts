import { statSync } from 'node:fs'
import { join } from 'node:path'
import { say } from '../../../base/sentences/sentence.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'

/** As package.json demands it. */
const leastNode = [20, 19] as const

export const machineChecks: Check[] = [
  {
    name: 'config',
    of: 'machine',
    run({ problems }) {
      if (problems.length === 0) return ok('config.ok')
      return fail('config.problems', {
        count: problems.length,
        problems: problems.reduce((first, rest) => say('list.lines', { first, rest })),
      })
    },
  },
  {
    name: 'secrets',
    of: 'machine',
    run({ cwd, accountsFile }) {
      const files = [join(cwd, '.env'), accountsFile].filter((file) => file !== undefined)
      const found = files.flatMap((file) => {
        const stats = statSync(file, { throwIfNoEntry: false })
        return stats ? { file, mode: stats.mode & 0o777 } : []
      })
      if (found.length === 0) return skip('secrets.noFile')
      const open = process.platform === 'win32' ? undefined : found.find(({ mode }) => (mode & 0o077) !== 0)
      if (open === undefined) return ok('secrets.ok', { files: found.map(({ file }) => file).join(', ') })
      return warn('secrets.open', { file: open.file, mode: open.mode.toString(8).padStart(4, '0') })
    },
  },
  {
    name: 'node',
    of: 'machine',
    run({ nodeVersion }) {
      const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number)
      const [leastMajor, leastMinor] = leastNode
      const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor)
      const facts = { version: nodeVersion, least: leastNode.join('.') }
      return isOld ? fail('node.old', facts) : ok('node.ok', facts)
    },
  },
]
