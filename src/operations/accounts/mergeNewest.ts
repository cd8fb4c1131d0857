interface Dated {
  /** Epoch milliseconds, or ISO 8601. */
  createdAt: number | string
}

/** Lists that each begin with their newest as one such list, of at most `limit`. */
export async function* mergeNewest<T extends Dated>(
  lists: readonly AsyncGenerator<T>[],
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<T> {
  const heads = (await Promise.all(lists.map(advance))).flat()
  for (let left = limit; left > 0 && heads.length > 0; left -= 1) {
    const newest = heads.reduce((found, head) => (head.item.createdAt > found.item.createdAt ? head : found))
    yield newest.item
    heads.splice(heads.indexOf(newest), 1, ...(await advance(newest.list)))
  }
}

async function advance<T>(list: AsyncGenerator<T>): Promise<{ item: T; list: AsyncGenerator<T> }[]> {
  const { done, value: item } = await list.next()
  return done ? [] : [{ item, list }]
}
