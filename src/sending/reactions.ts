import type { Log } from '../base/log.ts'
import { type Sentence, verbatim } from '../base/sentences/sentence.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { AccountGuard } from '../health/accountGuard.ts'
import type { CircuitBreaker } from '../health/circuitBreaker.ts'
import type { RateController } from '../health/rateController.ts'
import type { OtherPushes } from './processor/otherPushes.ts'
import type { SendOutcome } from './processor/outcome.ts'
import type { Processed } from './processor/tryOnce.ts'

export interface ReactionsDeps {
  breaker: Pick<CircuitBreaker, 'pass' | 'trip'>
  guard: Pick<AccountGuard, 'pause' | 'sent'>
  rateController: Pick<RateController, 'sent' | 'refused'>
  others: Pick<OtherPushes, 'isOutage'>
  log: Log
}

/** Where one try tells something about all the others. Whatever goes wrong here, the push must go on. */
export function createReactions({ breaker, guard, rateController, others, log }: ReactionsDeps) {
  return async function note(processed: Processed): Promise<void> {
    if (processed.kind === 'done') {
      if (processed.wasSent) noteSent()
      // WeChat may have answered all the same.
      else if (!others.isOutage()) breaker.pass('wechat')
    } else if (processed.kind === 'later' && processed.cause) await react(processed.cause)
  }

  function noteSent(): void {
    rateController.sent()
    guard.sent()
    breaker.pass('wechat')
    breaker.pass('database')
  }

  async function react(cause: SendOutcome | DatabaseError): Promise<void> {
    try {
      if (cause instanceof DatabaseError) breaker.trip('database', toDatabaseOutage(cause))
      else await noteOutcome(cause)
    } catch (error) {
      if (error instanceof DatabaseError) breaker.trip('database', toDatabaseOutage(error))
      else log.error({ err: error }, 'account could not be paused')
    }
  }

  async function noteOutcome(outcome: SendOutcome): Promise<void> {
    const signal = outcome.kind === 'retry' ? outcome.signal : undefined
    if (signal === 'out_of_reach' || signal === 'busy') {
      if (others.isOutage()) breaker.trip('wechat', outcome.detail)
      else if (signal === 'busy') rateController.refused(signal)
      return
    }
    breaker.pass('wechat')
    if (outcome.kind === 'pause') await guard.pause(outcome)
    else if (signal) rateController.refused(signal)
  }
}

export function toDatabaseOutage(error: Error): Sentence {
  return error instanceof DatabaseError ? error.sentence : verbatim(error.message)
}
