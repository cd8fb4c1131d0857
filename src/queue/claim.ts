import { type Sentence, say } from '../base/sentences/sentence.ts'
import { QueueUnavailableError } from './unavailable.ts'

/** Workers with different databases would each know but half of what was sent, and send some of it twice. */
export function refuseStranger(place: Sentence | string, command: Sentence | string): never {
  throw new QueueUnavailableError(say('away.foreign', { place, command }), {
    cause: undefined,
    isLasting: true,
  })
}
