import type { Telemetry } from 'bullmq'
import { findTracing } from '../base/monitoring/tracing.ts'
import { toControlQueueName } from './names.ts'

const controlPrefix = toControlQueueName('').slice(0, -1)

/** For BullMQ's options: pushes are traced when anything is, and what is asked about them is not. */
export function toTelemetry(name: string): { telemetry?: Telemetry } {
  const telemetry = name.startsWith(controlPrefix) ? undefined : findTracing()?.telemetry
  return telemetry ? { telemetry } : {}
}
