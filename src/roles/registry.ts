export interface Registry<T> {
  /** Returns what takes it out again. */
  add(appid: string, value: T): () => void
  /** The newest under an AppID; undefined = nobody is there. */
  find(appid: string): T | undefined
  findAll(appid: string): readonly T[]
  /** Where there is one AppID only: what `find` gives for it. */
  findOnly(): T | undefined
}

/** Who serves an AppID just now. Several may for one: the old and the new while an account changes, accounts that share a mini-program. */
export function createRegistry<T>(): Registry<T> {
  const entries = new Map<string, T[]>()
  return {
    add(appid, value) {
      entries.set(appid, [...(entries.get(appid) ?? []), value])
      return () => {
        const left = entries.get(appid)?.filter((entry) => entry !== value) ?? []
        if (left.length > 0) entries.set(appid, left)
        else entries.delete(appid)
      }
    },
    find: (appid) => entries.get(appid)?.at(-1),
    findAll: (appid) => entries.get(appid) ?? [],
    findOnly: () => (entries.size === 1 ? [...entries.values()][0]?.at(-1) : undefined),
  }
}
