import * as z from 'zod'
import type { ProxyConfig, WebhookConfig } from '../base/config.ts'
import { toIso } from '../base/time.ts'
import type { Webhooks } from '../db/webhooks/webhooks.ts'
import { toMessage } from '../webhooks/message.ts'
import { createPoster } from '../webhooks/post.ts'
import { isoTime } from './values.ts'

export const webhookDeliverySchema = z.strictObject({
  id: z.string(),
  type: z.string(),
  attempts: z.int().min(0),
  /** null = given up. */
  nextAt: isoTime.nullable(),
  lastError: z.string(),
})
export type WebhookDeliveryAnswer = z.infer<typeof webhookDeliverySchema>

export const webhookRetrySchema = z.strictObject({
  /** Messages that were not taken and are due now. */
  retried: z.int().min(0),
  /** Records that are told once more. */
  repeated: z.int().min(0),
})
export type WebhookRetry = z.infer<typeof webhookRetrySchema>

export const webhookEnableSchema = z.strictObject({ enabled: z.literal(true), wasOff: z.boolean() })
export type WebhookEnable = z.infer<typeof webhookEnableSchema>

export const webhookTestSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['delivered', 'failed']),
  /** Until the answer. */
  durationMs: z.int().min(0),
  error: z.string().nullable(),
})
export type WebhookTest = z.infer<typeof webhookTestSchema>

/** What the receiver has not taken: what waits for its next try, then what was given up. */
export async function listWebhooks(webhooks: Pick<Webhooks, 'list'>): Promise<WebhookDeliveryAnswer[]> {
  const deliveries = await webhooks.list()
  return deliveries.map(({ id, type, attempts, nextAt, lastError }) => ({
    id,
    type,
    attempts,
    nextAt: toIso(nextAt),
    lastError,
  }))
}

/** Tries what was not taken now, and tells the records that came to where they are since a time once more. */
export async function retryWebhooks(
  webhooks: Pick<Webhooks, 'retryAll' | 'repeat'>,
  { since, appids }: { since: number | undefined; appids: readonly string[] },
): Promise<WebhookRetry> {
  const retried = await webhooks.retryAll(Date.now())
  let repeated = 0
  if (since !== undefined) for (const appid of appids) repeated += await webhooks.repeat(appid, since)
  return { retried, repeated }
}

/** Posts again after it was switched off. */
export async function enableWebhooks(
  webhooks: Pick<Webhooks, 'findEndpoint' | 'enable'>,
): Promise<WebhookEnable> {
  const wasOff = ((await webhooks.findEndpoint())?.offAt ?? null) !== null
  if (wasOff) await webhooks.enable(Date.now())
  return { enabled: true, wasOff }
}

/** Posts a message of type `webhook.test`, which tells of nothing and is not repeated. */
export async function testWebhook(config: WebhookConfig, proxy: ProxyConfig): Promise<WebhookTest> {
  const poster = createPoster(config, proxy)
  const message = toMessage('webhook.test', { message: 'This is a test of unionpush' })
  const begun = performance.now()
  try {
    const error = (await poster.post(message)) ?? null
    const durationMs = Math.round(performance.now() - begun)
    return { id: message.id, status: error === null ? 'delivered' : 'failed', durationMs, error }
  } finally {
    poster.close()
  }
}
