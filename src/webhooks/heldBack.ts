import type { WebhookDelivery } from '../db/webhooks/webhooks.ts'

/** Pushes whose later changes have to wait: one of theirs is under way, or was not taken. */
export function createHeldBack() {
  const under = new Map<string, readonly string[]>()
  /** Of messages that were not taken. */
  const kept = new Set<string>()
  const keys = new Map<string, string>()

  return {
    add(id: string, held: readonly string[]): void {
      under.set(id, held)
      for (const key of held) keys.set(key, id)
    },
    /** It was not taken, so its pushes stay here. */
    keep: (id: string) => void kept.add(id),
    isKept: (id: string) => kept.has(id),
    release(id: string): void {
      for (const key of under.get(id) ?? []) keys.delete(key)
      under.delete(id)
      kept.delete(id)
    },
    has: (key: string) => keys.has(key),
    /** By a message that may be taken at any moment. */
    isUnderWay(key: string): boolean {
      const id = keys.get(key)
      return id !== undefined && !kept.has(id)
    },
    /** Messages that hold something back. */
    size: () => under.size,
    /** As the database has them. */
    reset(deliveries: readonly Pick<WebhookDelivery, 'id' | 'keys'>[]): void {
      under.clear()
      kept.clear()
      keys.clear()
      for (const { id, keys: held } of deliveries) {
        this.add(id, parseKeys(held))
        kept.add(id)
      }
    },
  }
}

function parseKeys(text: string): string[] {
  const parsed: unknown = JSON.parse(text)
  return Array.isArray(parsed) ? parsed.map(String) : []
}
