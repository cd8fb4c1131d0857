import type { Chance } from './chance.ts'
import type { World } from './world.ts'

/** What a fault lays hands on; two about the same thing follow each other. */
export type Subject = 'workers' | 'redis' | 'database' | 'wechat' | 'cron' | 'callbacks'

/** What is so from the start of a run to its end. */
export interface Conditions {
  /** Milliseconds by which WeChat's clock is ahead of ours. */
  clockOffset: number
  evictionPolicy: string
  /** PUSH_RATE: sends per second that are never exceeded; 0 = none. */
  pushRate: number
}

export interface Fault {
  name: string
  on: readonly Subject[]
  /** What the world has to be like for it. */
  conditions?: Partial<Conditions>
  /** Why it cannot be done in this world; then it is left out, and said. */
  missing?(world: World): string | undefined
  /** Does it, and undoes it before it resolves. */
  run(world: World, chance: Chance): Promise<void>
}
