/**
 * Aborted by the first SIGINT or SIGTERM, for a command that ends in good order; the second ends the process at once
 * with exit code 1. Commands that do not ask for it die by the signal, as usual.
 */
export function createStopSignal(): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1)
    controller.abort(new Error(`stopped by ${name}`))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return controller.signal
}
