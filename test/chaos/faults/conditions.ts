import { until } from '../../helpers/until.ts'
import type { Fault } from '../fault.ts'

const tenMinutes = 600_000

/** What is wrong from the start to the end. */
export const clockFaults: readonly Fault[] = [
  ...[tenMinutes, -tenMinutes].map(
    (clockOffset): Fault => ({
      name: `WeChat's clock is ten minutes ${clockOffset > 0 ? 'ahead' : 'behind'}`,
      on: [],
      conditions: { clockOffset },
      run: async () => {},
    }),
  ),
]

export const policyFaults: readonly Fault[] = [
  ...['allkeys-lru', 'volatile-ttl'].map(
    (evictionPolicy): Fault => ({
      name: `the eviction policy is ${evictionPolicy}`,
      on: [],
      conditions: { evictionPolicy },
      async run({ workers, complaints, conditions }) {
        const isSaid = () => workers.logs().includes(`maxmemory-policy is ${conditions.evictionPolicy}`)
        if (!(await until(isSaid, 3_000))) complaints.push('no worker warned of the eviction policy')
      },
    }),
  ),
]
