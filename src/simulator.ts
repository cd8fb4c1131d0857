export type { CallbackControls } from './simulator/callbacks/controls.ts'
export type { CallbackCounts, CallbackStats } from './simulator/callbacks/counts.ts'
export type { CallbackEventName, RaisedEvent, SimulatedEvent } from './simulator/callbacks/event.ts'
export type {
  CallbackCheck,
  CallbackMode,
  CallbackOptions,
  CallbackState,
} from './simulator/callbacks/options.ts'
export type { CallbackRule } from './simulator/callbacks/rule.ts'
export type { Fault, FaultAction, FaultMatch, NamedFaultAction } from './simulator/control/fault.ts'
export type { AddedRule, Recurrence, RuleMatch } from './simulator/control/script.ts'
export type { SimulatorStats } from './simulator/control/simulatorStats.ts'
export type { Simulator, SimulatorControls } from './simulator/controls.ts'
export type {
  HiddenRate,
  SimulatedApp,
  SimulatedInterception,
  SimulatedQuotas,
  SimulatedTemplate,
  SimulatorOptions,
} from './simulator/options.ts'
export type { AcceptedMessage } from './simulator/platform/messages/acceptedMessage.ts'
export type {
  CodeOptions,
  FollowOptions,
  SimulatedPayment,
  SimulatedUser,
} from './simulator/platform/people.ts'
export { createSimulator } from './simulator/simulator.ts'
