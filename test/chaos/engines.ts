/** Where the tables and the queue of a run are. */
export interface Engines {
  database: 'sqlite' | 'postgres'
  queue: 'redis' | 'postgres'
}

export const usualEngines: Engines = { database: 'sqlite', queue: 'redis' }

/** Throws with what is wrong. */
export function toEngines(database: string, queue: string): Engines {
  if (database !== 'sqlite' && database !== 'postgres')
    throw new Error(`expected --database sqlite or postgres, got ${database}`)
  if (queue !== 'redis' && queue !== 'postgres')
    throw new Error(`expected --queue redis or postgres, got ${queue}`)
  if (queue === 'postgres' && database !== 'postgres')
    throw new Error('a queue in PostgreSQL is beside its tables: expected --database postgres with it')
  return { database, queue }
}
