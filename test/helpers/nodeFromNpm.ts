import { execFile } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Brings a Node.js, such as `22` or `20.19.0`, from the npm registry into a directory, laid out as it is usually
 * installed: `bin/node`, and in `include/node` its headers, which modules in C++ are built against.
 */
export async function bringNode(version: string, dir: string): Promise<void> {
  const name = `node-${process.platform}-${process.arch}`
  const prefix = join(dir, 'package')
  await promisify(execFile)('npm', ['install', '--no-save', '--prefix', prefix, `${name}@${version}`])
  const from = join(prefix, 'node_modules', name)
  await cp(join(from, 'bin/node'), join(dir, 'bin/node'))
  await cp(join(from, 'include/node'), join(dir, 'include/node'), { recursive: true })
}
