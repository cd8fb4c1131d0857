import { rule } from './sentences/rule.ts'
import { say } from './sentences/sentence.ts'

/** Text that every database keeps: SQLite would cut it at U+0000, PostgreSQL refuses that, and half of a surrogate pair has no UTF-8. */
export const keptText = /^[^\0\p{Cs}]*$/u
export const keptTextRule = rule(say('field.text'))
