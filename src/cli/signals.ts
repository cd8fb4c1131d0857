/**
 * Aborted by the first SIGINT or SIGTERM, for a command that ends in good order; the second ends the process at once
 * with exit code 1. Commands that do not ask for it die by the signal, as usual.
 */
export function createStopSignal(): AbortSignal {
  const controller = new AbortController()
  let first: { name: NodeJS.Signals; at: number } | undefined
  const onSignal = (name: NodeJS.Signals) => {
    const at = performance.now()
    if (!first) {
      first = { name, at }
      controller.abort(new Error(`stopped by ${name}`))
    } else if (at - first.at > samePress || (first.name !== 'SIGINT' && name !== 'SIGINT')) process.exit(1)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return controller.signal
}

/**
 * Milliseconds: one Ctrl-C comes twice, from the terminal and from a parent that passes on what it gets, maybe under
 * another name. Signals that are sent together arrive in any order.
 */
const samePress = 300
