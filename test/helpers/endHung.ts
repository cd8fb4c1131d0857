import { Worker } from 'node:worker_threads'

/** A file that takes longer hangs: a test has a limit of its own, but a file that blocks, or waits while it is loaded, has none. */
const limit = Number(process.env.TEST_FILE_MINUTES ?? 12) * 60_000

/** Of a thread, because what hangs does not look at a clock. The path of the file comes as a message. */
const watch = `
const { parentPort, workerData: limit } = require('node:worker_threads')
const { Session } = require('node:inspector/promises')
const { writeSync } = require('node:fs')
let timer
const within = (promise) =>
  Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 5_000))])
async function end(file) {
  const say = (line) => writeSync(2, line + '\\n')
  say('HUNG ' + file + ' for ' + limit / 60_000 + ' min, its process is ended')
  try {
    const session = new Session()
    session.connectToMainThread()
    const expression = 'process.getActiveResourcesInfo().join()'
    const { result } = await within(session.post('Runtime.evaluate', { expression }))
    say('it waits for ' + result.value)
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    await within(session.post('Debugger.enable'))
    await within(session.post('Debugger.pause'))
    const { params } = await within(paused)
    for (const { functionName, url, location } of params.callFrames) {
      say('  at ' + (functionName || '?') + ' ' + url + ':' + (location.lineNumber + 1))
    }
  } catch (error) {
    say(error.message + ': it runs no JavaScript')
  }
  process.kill(process.pid, 'SIGKILL')
}
parentPort.on('message', (file) => {
  clearTimeout(timer)
  timer = setTimeout(end, limit, file)
})
`

const kept: { watcher?: Worker } = Object(globalThis)

/** Ends this process, with what it was about, when a test file hangs in it; the runner tells of the file and goes on. */
export function endHung(file: string): void {
  kept.watcher ??= new Worker(watch, { eval: true, workerData: limit })
  kept.watcher.unref()
  kept.watcher.postMessage(file)
}
