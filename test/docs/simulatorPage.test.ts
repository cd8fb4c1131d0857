import { describe, expect, test } from 'vitest'
import { namedFaultActions } from '../../src/simulator/control/fault.ts'
import { faultSchema } from '../../src/simulator/control/faults.ts'
import { optionsSchema } from '../../src/simulator/optionsSchema.ts'
import { readPage, toCodeSpans } from '../helpers/readme.ts'

describe.each(['en', 'zh'])('the page on the simulator in %s', (language) => {
  const { tables } = readPage(`docs/${language}/simulator.md`)
  const firstColumn = (first: string) => {
    const table = tables.find(({ rows }) => rows[0]?.[0]?.includes(first))
    return (table?.rows ?? []).flatMap(([cell = '']) => toCodeSpans(cell))
  }

  test('explains every option', () => {
    expect(firstColumn('`port`').sort()).toEqual(Object.keys(optionsSchema.shape).sort())
  })

  test('explains every field and every action of a fault', () => {
    expect(firstColumn('`action`').sort()).toEqual(Object.keys(faultSchema.shape).sort())
    const named = firstColumn('`{"errcode": -1}`').filter((name) => !name.startsWith('{'))
    expect(named.sort()).toEqual([...namedFaultActions].sort())
  })
})
