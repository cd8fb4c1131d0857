import { type Backoff, toBackoff } from '../base/backoff.ts'
import { minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage, type Outage } from '../base/outage.ts'
import { type Sentence, verbatim } from '../base/sentences/sentence.ts'

/** What a worker cannot do its work without. */
export type Need = 'queue' | 'database' | 'wechat'

interface Circuit {
  need: Need
  outage: Outage<Sentence>
  detail: Sentence
  since: number
  /** How often it was tripped since it last worked. */
  trips: number
  /** While it is open. */
  timer: NodeJS.Timeout | undefined
}

export interface CircuitBreaker {
  /** Logs that something failed, once per outage. */
  note(need: Need, detail: Sentence): void
  /** Takes no jobs for a while: 1 s, and twice as long each time it fails again, up to 30 s. */
  trip(need: Need, detail: Sentence): void
  /** It works. Costs nothing while nothing is wrong. */
  pass(need: Need): void
  /** While it waits for that need, or for any. */
  isOpen(need?: Need): boolean
  /** What it waits for. */
  openCircuits(): { need: Need; detail: Sentence; since: number }[]
  /** Half-open after an outage of WeChat, of which nobody knows whether it is over: one try at a time. */
  isTrial(): boolean
  stop(): void
}

/** Times are epoch milliseconds. */
export interface Wait {
  detail: Sentence
  since: number
  until: number
}

interface CircuitBreakerDeps {
  pause(): void
  /** Jobs may be taken, while it is a trial one at a time. */
  resume(isTrial: boolean): void
  /** Whether WeChat answers a call that has no effect. */
  probe(): Promise<boolean>
  /** What jobs wait for, to be believed until then; `undefined` when it works again. */
  report(need: Need, wait: Wait | undefined): void
  log: Log
}

const backoff: Backoff = { first: second, longest: 30 * second }
const quietTime = 10 * second
/** What a probe may take, and a try after it. */
const reportTolerance = 2 * minute

/**
 * Keeps a worker from taking jobs that it cannot work on now, and lets it try again by itself. WeChat is asked first
 * whether it answers again, so that no push is put in doubt for it.
 */
export function createCircuitBreaker({
  pause,
  resume,
  probe,
  report,
  log,
}: CircuitBreakerDeps): CircuitBreaker {
  const circuits = {
    queue: createCircuit('queue', log),
    database: createCircuit('database', log),
    wechat: createCircuit('wechat', log),
  }
  const all = Object.values(circuits)
  let isStopped = false
  const isOpen = (need?: Need) =>
    need === undefined ? all.some(({ timer }) => timer !== undefined) : circuits[need].timer !== undefined
  const isTrial = () => circuits.wechat.outage.isOn() && !isOpen('wechat')

  function note(need: Need, detail: Sentence): void {
    const circuit = circuits[need]
    if (!circuit.outage.isOn()) Object.assign(circuit, { detail, since: Date.now(), trips: 0 })
    circuit.outage.fail(detail)
  }

  function open(circuit: Circuit): void {
    circuit.trips += 1
    const delay = toBackoff(backoff, circuit.trips)
    circuit.timer = setTimeout(() => halfOpen(circuit), delay)
    const { need, detail, since } = circuit
    report(need, { detail, since, until: Date.now() + delay + reportTolerance })
  }

  async function halfOpen(circuit: Circuit): Promise<void> {
    // Open until the answer is there.
    if (circuit.need === 'wechat' && !(await probe()) && !isStopped) return open(circuit)
    circuit.timer = undefined
    if (!isStopped && !isOpen()) resume(isTrial())
  }

  return {
    note,
    trip(need, detail) {
      note(need, detail)
      if (isOpen(need)) return
      open(circuits[need])
      pause()
    },
    pass(need) {
      const { outage, timer, trips } = circuits[need]
      if (!outage.isOn() || timer !== undefined) return
      const wasTrial = isTrial()
      if (trips > 0) report(need, undefined)
      outage.pass()
      if (wasTrial && !isTrial() && !isOpen()) resume(false)
    },
    isOpen,
    openCircuits: () =>
      all.filter(({ need }) => isOpen(need)).map(({ need, detail, since }) => ({ need, detail, since })),
    isTrial,
    stop() {
      isStopped = true
      for (const { need, outage, trips, timer } of all) {
        clearTimeout(timer)
        if (outage.isOn() && trips > 0) report(need, undefined)
      }
    },
  }
}

function createCircuit(need: Need, log: Log): Circuit {
  const outage = createOutage<Sentence>({
    onFail: (detail) => log.warn({ need, detail }, `${need} unavailable, worker takes no jobs`),
    onPass: () => log.info({ need }, `${need} available again`),
    quietTime,
  })
  return { need, outage, detail: verbatim(''), since: 0, trips: 0, timer: undefined }
}
