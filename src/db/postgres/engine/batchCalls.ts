interface BatchOptions<Input> {
  /** Calls that travel together at most. */
  size: number
  /** Batches under way at the same time; what is asked for meanwhile waits for the next one. */
  concurrency: number
  /** Calls with one key never share a batch: the second may change what the first has written. */
  toKey?: (input: Input) => string
  /** Whether a batch failed for what one of its calls asked for, so that the others may pass without it. */
  isOwnFault: (error: unknown) => boolean
}

interface Call<Input, Output> {
  input: Input
  resolve(output: Output): void
  reject(error: unknown): void
}

/**
 * Calls made in one turn of the event loop as one: `run` gets the inputs of all of them, and gives an output for each, in
 * their order. `idle` resolves when none is left.
 */
export function batchCalls<Input, Output>(
  run: (inputs: Input[]) => Promise<Output[]>,
  { size, concurrency, toKey, isOwnFault }: BatchOptions<Input>,
): { call(input: Input): Promise<Output>; idle(): Promise<void> } {
  let waiting: Call<Input, Output>[] = []
  let underWay = 0
  let scheduled = false
  let onIdle: (() => void)[] = []

  return {
    call: (input) =>
      new Promise((resolve, reject) => {
        waiting.push({ input, resolve, reject })
        schedule()
      }),
    idle: () =>
      new Promise((resolve) => {
        onIdle.push(resolve)
        proceed()
      }),
  }

  /** Not at once, so that all calls of this turn of the event loop are in it. */
  function schedule(): void {
    if (scheduled || underWay >= concurrency) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      underWay++
      void settle(take()).then(() => {
        underWay--
        proceed()
      })
      proceed()
    })
  }

  function proceed(): void {
    if (waiting.length > 0) schedule()
    if (waiting.length > 0 || underWay > 0) return
    for (const resolve of onIdle) resolve()
    onIdle = []
  }

  function take(): Call<Input, Output>[] {
    if (toKey === undefined) return waiting.splice(0, size)
    const keys = new Set<string>()
    const left: Call<Input, Output>[] = []
    const taken = waiting.filter((call) => {
      const key = toKey(call.input)
      const isTaken = keys.size < size && !keys.has(key)
      if (isTaken) keys.add(key)
      else left.push(call)
      return isTaken
    })
    waiting = left
    return taken
  }

  async function settle(calls: Call<Input, Output>[]): Promise<void> {
    try {
      const outputs = await run(calls.map(({ input }) => input))
      for (const [index, output] of outputs.entries()) calls[index]?.resolve(output)
    } catch (error) {
      if (calls.length > 1 && isOwnFault(error)) for (const call of calls) await settle([call])
      else for (const call of calls) call.reject(error)
    }
  }
}
