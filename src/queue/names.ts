/** BullMQ's key prefix of all queues of this program. */
export const queuePrefix = 'unionpush'

/** One queue per account. The braces keep all its keys on one node of a Redis cluster. */
export function toQueueName(appid: string): string {
  return `{push-${appid}}`
}

/** Where producers, who have no database, ask the workers of an account about its pushes. */
export function toControlQueueName(appid: string): string {
  return `{control-${appid}}`
}
