import { describe, expect, test } from 'vitest'
import { listChecks } from '../../src/operations/doctor/run.ts'
import { readPage, toCodeSpans } from '../helpers/readme.ts'

describe.each(['en', 'zh'] as const)('the page on doctor in %s', (language) => {
  test('lists every check, in its order and in its words', () => {
    const tables = readPage(`docs/${language}/doctor.md`).tables.map(({ rows }) => rows)
    const rows = tables.find(([[cell = ''] = []]) => cell === '`config`') ?? []
    const listed = rows.map(([cell = '', description]) => ({ name: toCodeSpans(cell)[0], description }))
    expect(listed).toEqual(listChecks(language))
  })
})
