import { customType } from 'drizzle-orm/pg-core'

/** Milliseconds and row numbers are exact up to 2^53. */
export const number = { mode: 'number' } as const
export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
