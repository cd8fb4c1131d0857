import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../../base/duration.ts'
import { every } from '../../base/every.ts'
import type { Language } from '../../base/sentences/language.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { CreatedBroadcast } from '../../broadcast/answers.ts'
import { isSameBroadcast } from '../../broadcast/create/create.ts'
import type { BroadcastInput } from '../../broadcast/create/input.ts'
import type { Broadcast } from '../../broadcast/view.ts'
import { BroadcastIdTaken } from '../../db/broadcasts/broadcasts.ts'
import type { Leases } from '../../db/leases/leases.ts'
import { BroadcastError } from './broadcastError.ts'
import { type BroadcastDeps, checkOne, createOne, viewOne } from './broadcasts.ts'

export interface CreateOnceDeps extends BroadcastDeps {
  leases: Pick<Leases, 'acquire' | 'renew' | 'release'>
}

/** How long one who writes a broadcast has its id after he was last heard of, and how often he says that he lives. */
const life = 10 * second
const renewal = 3 * second
const look = 250

/**
 * One broadcast, however often it is asked for with that id; what a killed process left of it is written anew. Rejects as
 * `createOne` does, and with BroadcastError when the one that is there has another content, or is being written still after
 * ten seconds.
 */
export async function createOnce(
  deps: CreateOnceDeps,
  input: BroadcastInput,
  language: Language,
  id: string,
): Promise<{ created: CreatedBroadcast } | { existing: Broadcast }> {
  const release = await hold(deps, id)
  try {
    const existing = await findSame(deps, input, language, id)
    if (existing) return { existing }
    if (!release) throw new BroadcastIdTaken()
    await deps.broadcasts.dropById(id)
    return { created: await createOne(deps, input, language, id) }
  } catch (error) {
    if (!(error instanceof BroadcastIdTaken)) throw error
    throw new BroadcastError('broadcast_begun', say('broadcast.begun'))
  } finally {
    await release?.()
  }
}

async function findSame(
  deps: CreateOnceDeps,
  input: BroadcastInput,
  language: Language,
  id: string,
): Promise<Broadcast | undefined> {
  const row = await deps.broadcasts.find(id)
  if (!row) return undefined
  const isSame = await isSameBroadcast(deps.broadcasts, row, await checkOne(deps, input, language))
  if (isSame) return viewOne(deps, row)
  throw new BroadcastError('broadcast_differs', say('broadcast.differs', { id }))
}

/** Undefined when it is written already, or somebody who lives writes it. */
async function hold(
  { leases, broadcasts }: CreateOnceDeps,
  id: string,
): Promise<(() => Promise<void>) | undefined> {
  const name = `create ${id}`
  const owner = randomUUID()
  const until = Date.now() + life + second
  while (!(await broadcasts.find(id))) {
    if (await leases.acquire(name, owner, life)) {
      // Who loses it while he stands still finds his draft gone.
      const stop = every(
        renewal,
        async () => void (await leases.renew(name, owner, life)),
        () => {},
      )
      return async () => {
        stop()
        await leases.release(name, owner)
      }
    }
    if (Date.now() > until) return undefined
    await sleep(look)
  }
  return undefined
}
