import { open } from 'node:fs/promises'
import { second } from '../../../base/duration.ts'

export interface WalSync {
  /** Something was written without waiting for the disk: it will be on disk within a second. */
  soon(): void
  /** Everything is on disk: a commit that waits for the disk takes all before it along. */
  done(): void
  /** Resolves when what was written is on disk. */
  close(): Promise<void>
}

/** Keeps what `Database.writeSoon` promises about the file at `path`. */
export function createWalSync(path: string): WalSync {
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  const done = () => {
    clearTimeout(timer)
    timer = undefined
  }

  return {
    soon() {
      timer ??= setTimeout(() => {
        underWay = flush()
      }, second)
    },
    done,
    async close() {
      await underWay
      if (timer) await flush()
    },
  }

  async function flush(): Promise<void> {
    done()
    // Without the file everything is in the database already; an error of the disk also meets the next durable commit.
    const log = await open(`${path}-wal`, 'r+').catch(() => undefined)
    await log?.datasync().catch(() => {})
    await log?.close()
  }
}
