/** Tasks of one name begin one after the other. */
export function createInLine(): <T>(name: string, task: () => Promise<T>) => Promise<T> {
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
