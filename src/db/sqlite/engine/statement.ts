import { is, Param, Placeholder } from 'drizzle-orm'

/** What `Database.write` takes: one execution, or the same statement once per row. */
export type Statement = { sql: string; params: unknown[] } | { sql: string; rows: unknown[][] }

/** What one call writes: all or nothing. */
export type Group = Statement[]

export interface StatementResult {
  /** Rows inserted, updated or deleted, over all executions. */
  changes: number
  /** What RETURNING gave, by the column names of the table. */
  rows?: unknown[]
}

interface CompiledWrite<Values> {
  once(values: Values): Statement
  each(rows: readonly Values[]): Statement
  /** Spares the copies that would add what all rows have in common to each of them. */
  eachWith<Common extends Partial<Values>>(
    common: Common,
    rows: readonly Omit<Values, keyof Common>[],
  ): Statement
}

type Binder = (values: object, common: object) => unknown

/**
 * A drizzle insert, update or delete with `sql.placeholder`s as SQL made once; per call only the binding is left.
 * Values are bound as their columns store them (booleans as 0 and 1), absent ones as null.
 */
export function compileWrite<Values extends object>(query: {
  toSQL(): { sql: string; params: unknown[] }
}): CompiledWrite<Values> {
  const { sql, params } = query.toSQL()
  flatten(sql)
  const binders = params.map(toBinder)
  const bind = (values: object, common: object) => binders.map((binder) => binder(values, common))
  return {
    once: (values) => ({ sql, params: bind(values, {}) }),
    each: (rows) => ({ sql, rows: rows.map((values) => bind(values, {})) }),
    eachWith: (common, rows) => ({ sql, rows: rows.map((values) => bind(values, common)) }),
  }
}

/**
 * drizzle joins SQL of many pieces, and V8 keeps the pieces until somebody reads the text: a tenth of what an idle account
 * takes, where each prepares the same hundred statements.
 */
export function flatten(sql: string): void {
  void sql.charCodeAt(sql.length - 1)
}

/** drizzle's own fillPlaceholders hands null to the column's encoder, which makes it a 0 in a boolean column. */
function toBinder(param: unknown): Binder {
  if (is(param, Placeholder)) {
    const { name } = param
    return (values, common) => Reflect.get(values, name) ?? Reflect.get(common, name) ?? null
  }
  if (is(param, Param) && is(param.value, Placeholder)) {
    const { name } = param.value
    const { encoder } = param
    return (values, common) => {
      const value: unknown = Reflect.get(values, name) ?? Reflect.get(common, name) ?? null
      return value === null ? null : encoder.mapToDriverValue(value)
    }
  }
  return () => param
}
