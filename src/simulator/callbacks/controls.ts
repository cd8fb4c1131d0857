import type { AddedRule } from '../control/script.ts'
import type { RaisedEvent, SimulatedEvent } from './event.ts'
import type { CallbackCheck, CallbackOptions, CallbackState } from './options.ts'
import type { CallbackRule } from './rule.ts'

/** The part of SimulatorControls that deals with callbacks. */
export interface CallbackControls {
  /** The account's name in its callbacks, `gh_...`. */
  readonly originalId: string

  /** Switches callbacks on or replaces the settings at once, then checks the URL by GET; rejects with a TypeError for settings that cannot be. */
  setCallback(options: CallbackOptions): Promise<CallbackCheck>
  /** Switches callbacks off; events not posted yet are dropped. */
  removeCallback(): void
  callback(): CallbackState | undefined
  addCallbackRule(rule: CallbackRule): AddedRule
  /** Those not used up yet. */
  callbackRules(): (CallbackRule & { hits: number })[]
  clearCallbackRules(): void
  /** This person has switched off the account's messages: receipts say `failed:user block`. */
  setBlocking(openid: string, blocking: boolean): void
  /** Posts an event nobody caused: about anybody, with any msgid. Without a callback it is lost. */
  raiseEvent(event: SimulatedEvent): void
  /** Oldest first; empty without `keepAccepted`. */
  events(): Iterable<RaisedEvent>
  /** Resolves when no event is pending. */
  callbacksSettled(): Promise<void>
}
