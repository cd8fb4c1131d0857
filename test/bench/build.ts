import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** For benches that measure the program as it is installed. */
export async function build(): Promise<void> {
  await promisify(execFile)('npm', ['run', 'build'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
}
