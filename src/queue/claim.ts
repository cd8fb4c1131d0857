import { QueueUnavailableError } from './unavailable.ts'

/** Workers with different databases would each know but half of what was sent, and send some of it twice. */
export function refuseStranger(place: string, takeOver: string): never {
  throw new QueueUnavailableError(
    `The queue in ${place} belongs to another database: set DATABASE_URL (or DATA_DIR) as for its other workers, or put a backup of that database back. If that one is gone for good, give the queue to this one: ${takeOver}`,
    { cause: undefined, isLasting: true },
  )
}
