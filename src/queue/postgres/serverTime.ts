import type { PostgresQueueBackend } from 'bullmq'

/** Which of its values a command takes for the time it is, to judge what is due and whose lock has run out. */
const clockValues: Record<string, number> = {
  change_delay: 3,
  extend_lock: 4,
  extend_locks: 4,
  get_rate_limit_ttl: 2,
  move_active_to_wait: 3,
  move_stalled_jobs_to_wait: 2,
  move_to_active: 3,
  move_to_completed_fetch: 9,
  move_to_failed_fetch: 10,
  next_signal: 2,
  set_rate_limit: 2,
}

type Run = (command: string, values: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>

/**
 * Makes the server's clock the one that counts. BullMQ tells PostgreSQL the time of each machine, so that one whose clock is
 * ahead by more than a lock lasts would take jobs from the others while they are at work.
 */
export function useServerTime(backend: PostgresQueueBackend, now: () => number): void {
  const run: Run = Reflect.get(backend, 'run').bind(backend)
  const value: Run = async (command, values) => {
    const result = await run(command, toServerTime(command, values, now()))
    return command === 'next_delay' || command === 'next_signal' ? toOurTime(result, now()) : result
  }
  Object.defineProperty(backend, 'run', { value, configurable: true, writable: true })
}

function toServerTime(command: string, values: unknown[], now: number): unknown[] {
  const time = Math.floor(now)
  if (command === 'add_job') return toAddedNow(values, time)
  if (command === 'add_flow') return [toEntriesAddedNow(values[0], time)]
  if (command === 'add_jobs_bulk') return [values[0], toEntriesAddedNow(values[1], time)]
  // Until when, made from the time here.
  if (command === 'move_to_delayed') return values.with(3, Number(values[3]) - Date.now() + time)
  const index = clockValues[command]
  return index === undefined ? values : values.with(index, time)
}

/** How long a push id is remembered counts from now, however late the job is due. */
function toAddedNow(values: unknown[], time: number): unknown[] {
  const [delay, timestamp] = [Number(values[6]), Number(values[7])]
  return values.with(6, toDelay(delay, timestamp, time)).with(7, time)
}

function toEntriesAddedNow(text: unknown, time: number): string {
  const entries: { delay: number; timestamp: number }[] = JSON.parse(String(text))
  return JSON.stringify(
    entries.map((entry) => ({
      ...entry,
      delay: toDelay(entry.delay, entry.timestamp, time),
      timestamp: time,
    })),
  )
}

/** A delay counts from now. Who wants a job done at a time has it added one millisecond before, whatever time it is here. */
function toDelay(delay: number, timestamp: number, time: number): number {
  return delay === 1 ? Math.max(0, timestamp + delay - time) : delay
}

function toOurTime({ rows }: Awaited<ReturnType<Run>>, now: number) {
  const ahead = Math.floor(now) - Date.now()
  return {
    rows: rows.map(({ next_delay: due, ...row }) => ({
      ...row,
      next_delay: due === null || due === undefined ? null : Number(due) - ahead,
    })),
  }
}
