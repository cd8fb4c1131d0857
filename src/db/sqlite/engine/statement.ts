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

interface Prepared<One, All> {
  get(values?: Record<string, unknown>): One
  all(values?: Record<string, unknown>): All
}

/**
 * A drizzle query, prepared by its first use: each account has a hundred of them, of which a command needs a few, and to
 * make their SQL takes a tenth of its start.
 */
export function prepareLater<One, All>(query: { prepare(): Prepared<One, All> }): Prepared<One, All> {
  let prepared: Prepared<One, All> | undefined
  const prepare = () => {
    prepared ??= query.prepare()
    return prepared
  }
  return { get: (values) => prepare().get(values), all: (values) => prepare().all(values) }
}

/**
 * A drizzle insert, update or delete with `sql.placeholder`s as SQL made once, by its first use; per call only the binding
 * is left. Values are bound as their columns store them (booleans as 0 and 1), absent ones as null.
 */
export function compileWrite<Values extends object>(query: {
  toSQL(): { sql: string; params: unknown[] }
}): CompiledWrite<Values> {
  let compiled: { sql: string; binders: Binder[] } | undefined
  const compile = () => {
    compiled ??= toCompiled(query.toSQL())
    return compiled
  }
  const each = (rows: readonly object[], common: object) => {
    const { sql, binders } = compile()
    return { sql, rows: rows.map((values) => bind(binders, values, common)) }
  }
  return {
    once(values) {
      const { sql, binders } = compile()
      return { sql, params: bind(binders, values, {}) }
    },
    each: (rows) => each(rows, {}),
    eachWith: (common, rows) => each(rows, common),
  }
}

function toCompiled({ sql, params }: { sql: string; params: unknown[] }) {
  flatten(sql)
  return { sql, binders: params.map(toBinder) }
}

function bind(binders: readonly Binder[], values: object, common: object): unknown[] {
  return binders.map((binder) => binder(values, common))
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
