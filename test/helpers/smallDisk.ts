import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atExit } from './atExit.ts'

/** A directory on a file system of its own, where the machine allows one. */
export interface SmallDisk {
  readonly isOwn: boolean
  /** Leaves no free byte. */
  fill(): void
  free(): void
  close(): void
}

/** Else it is a plain directory. `options` are those of mount. */
export function openSmallDisk(dir: string, ...options: string[]): SmallDisk {
  mkdirSync(dir, { mode: 0o700, recursive: true })
  const isOwn = mount(dir, options)
  const ballast = join(dir, 'ballast')
  const unmount = () => void (isOwn && execFileSync('umount', ['--lazy', dir]))
  const ended = atExit(unmount)

  return {
    isOwn,
    fill() {
      for (const size of [2 ** 20, 4_096]) append(ballast, Buffer.alloc(size))
    },
    free: () => rmSync(ballast, { force: true }),
    close() {
      unmount()
      ended()
    },
  }
}

/** Until there is no room for another one. */
function append(path: string, block: Buffer): void {
  try {
    for (;;) writeFileSync(path, block, { flag: 'a' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

function mount(dir: string, options: readonly string[]): boolean {
  try {
    const all = ['mode=0700', ...options].join(',')
    execFileSync('mount', ['-t', 'tmpfs', '-o', all, 'tmpfs', dir], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
