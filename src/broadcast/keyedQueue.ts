/** Tasks of one name begin one after the other. */
export function createKeyedQueue(): <T>(name: string, task: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Promise<unknown>>()
  return (name, task) => {
    const turn = (lines.get(name) ?? Promise.resolve()).then(task, task)
    lines.set(name, turn)
    const leave = () => {
      if (lines.get(name) === turn) lines.delete(name)
    }
    turn.then(leave, leave)
    return turn
  }
}

interface Group<T> {
  size: number
  parts: Promise<T[]>
}

/** Those who ask while an answer is under way are answered together after it, each with a part of their own. */
export function createCoalescing<T>(
  answer: (name: string, size: number) => Promise<T[]>,
): (name: string) => Promise<T> {
  const inTurn = createKeyedQueue()
  const gathering = new Map<string, Group<T>>()
  return async (name) => {
    const group = gathering.get(name) ?? gather(name)
    const place = group.size
    group.size += 1
    const part = (await group.parts)[place]
    if (part === undefined) throw new Error(`no part ${place} of ${group.size}`)
    return part
  }

  function gather(name: string): Group<T> {
    const parts = inTurn(name, () => {
      gathering.delete(name)
      return answer(name, group.size)
    })
    const group: Group<T> = { size: 0, parts }
    gathering.set(name, group)
    return group
  }
}
