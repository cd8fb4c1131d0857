/**
 * Aborted by the first SIGINT or SIGTERM, for a command that ends in good order; the second ends the process at once
 * with exit code 1. Commands that do not ask for it die by the signal, as usual.
 */
export function createStopSignal(): AbortSignal {
  const controller = new AbortController()
  let pressedAt = Number.NEGATIVE_INFINITY
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      if (name === 'SIGINT') pressedAt = performance.now()
      controller.abort(new Error(`stopped by ${name}`))
    } else if (performance.now() - pressedAt > samePress) process.exit(1)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return controller.signal
}

/** Milliseconds: one Ctrl-C comes twice, from the terminal and from npm, which passes on what it gets. */
const samePress = 300
