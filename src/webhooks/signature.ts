import { createHmac } from 'node:crypto'

/**
 * The headers of Standard Webhooks 1.0, with a signature by each key. By Node.js rather than the package of the same name,
 * whose SHA-256 is written in JavaScript and takes the event loop ten times as long.
 */
export function toSignatureHeaders(
  { id, body }: { id: string; body: string },
  keys: readonly Uint8Array[],
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000))
  const toSignature = (key: Uint8Array) =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map(toSignature).join(' '),
  }
}
