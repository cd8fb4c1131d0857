/** Rows deleted in one transaction, so that those who write need not wait long for theirs. */
export const purgeLimit = 1_000

/** Deletes by `removeSome`, at most `purgeLimit` rows a time, until it finds no more; returns how many rows. */
export async function purgeAll(removeSome: () => Promise<number>): Promise<number> {
  let purged = 0
  for (;;) {
    const removed = await removeSome()
    purged += removed
    if (removed < purgeLimit) return purged
  }
}
