import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import type { Engines } from './engines.ts'
import type { Conditions, Fault, Subject } from './fault.ts'
import { listFaults } from './faults.ts'
import type { World } from './world.ts'

export interface PlanForm {
  /** At least and at most. */
  faults: readonly [number, number]
  /** Milliseconds over which pushes are asked for and faults begin. */
  duration: number
}

export interface Step extends Fault {
  /** Milliseconds after the first ask. */
  at: number
  chance: Chance
}

interface PlanOptions {
  form: PlanForm
  only: string | undefined
  engines: Engines
  chance: Chance
}

/** Which faults come when. */
export function createPlan({ form, only, engines, chance }: PlanOptions): Step[] {
  const wanted = only?.split('|') ?? ['']
  const choice = listFaults(engines).filter(({ name }) => wanted.some((text) => name.includes(text)))
  return Array.from({ length: chance.count(...form.faults) }, () => ({
    ...chance.pick(choice),
    at: chance.between(0.05, 0.95) * form.duration,
    chance: chance.fork(),
  })).sort((a, b) => a.at - b.at)
}

/** What the world has to be like for all of the plan; of two that contradict each other the later counts. */
export function toConditions(steps: readonly Step[]): Conditions {
  const usual = { clockOffset: 0, evictionPolicy: 'noeviction', pushRate: 0 }
  return Object.assign(usual, ...steps.map(({ conditions }) => conditions))
}

/** The plan as far as this world can have it. */
export function reduce(steps: readonly Step[], world: World): { possible: Step[]; skipped: string[] } {
  const missing = (fault: Fault) => fault.missing?.(world)
  return {
    possible: steps.filter((step) => missing(step) === undefined),
    skipped: steps.filter(missing).map((step) => `${step.name}: ${missing(step)}`),
  }
}

/** Each at its time, or when the one before it on the same subject is over. */
export async function perform(world: World, steps: readonly Step[]): Promise<void> {
  const startedAt = performance.now()
  const busy = new Map<Subject, Promise<void>>()
  await Promise.all(
    steps.map((step) => {
      const before = step.on.map((subject) => busy.get(subject))
      const done = (async () => {
        await Promise.all([...before, sleep(step.at - (performance.now() - startedAt))])
        await step.run(world, step.chance)
      })()
      for (const subject of step.on) busy.set(subject, done)
      return done
    }),
  )
}
