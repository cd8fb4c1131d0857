// Loaded into the processes under test: once in ten seconds the longest that their event loop was held, on stderr.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
setInterval(() => {
  const [p99, max] = [delay.percentile(99), delay.max].map((nanoseconds) => Math.round(nanoseconds / 1e6))
  process.stderr.write(`{"lag":{"p99":${p99},"max":${max}}}\n`)
  delay.reset()
}, 10_000).unref()
