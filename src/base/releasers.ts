export interface Releasers {
  /** To be called right after what `release` gives back was acquired. */
  add(release: () => unknown): void
  /** Releases what was acquired, last first, each once. */
  close(): Promise<void>
}

export function createReleasers(): Releasers {
  const releasers: (() => unknown)[] = []
  return {
    add: (release) => void releasers.push(release),
    async close() {
      for (const release of releasers.splice(0).reverse()) await release()
    },
  }
}
