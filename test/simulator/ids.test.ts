import { expect, test } from 'vitest'
import { createIdCodec, createRandom } from '../../src/simulator/platform/ids.ts'

const people = Array.from({ length: 20_000 }, (_, n) => n).concat(1_000_000, 2 ** 31, 2 ** 32 - 1)

test('ids look like those of WeChat and share the first six characters', () => {
  const openids = createIdCodec('o', 7)
  const ids = people.map(openids.encode)
  for (const id of ids) expect(id).toMatch(/^o[A-Za-z0-9_-]{27}$/)
  expect(new Set(ids.map((id) => id.slice(0, 6))).size).toBe(1)
  expect(new Set(ids).size).toBe(people.length)
  expect(createIdCodec('o6_', 7).encode(0)).toMatch(/^o6_[A-Za-z0-9_-]{25}$/)
})

test('an id tells its person, also the last one', () => {
  const openids = createIdCodec('o', 7)
  for (const n of people) expect(openids.decode(openids.encode(n))).toBe(n)
})

test('an id of another account, a changed or a cut one belongs to nobody', () => {
  const openids = createIdCodec('o', 7)
  const id = openids.encode(42)
  expect(openids.decode(createIdCodec('o', 8).encode(42))).toBe(-1)
  expect(openids.decode(createIdCodec('o6_', 7).encode(42))).toBe(-1)
  expect(openids.decode(id.slice(0, -1))).toBe(-1)
  expect(openids.decode('中'.repeat(28))).toBe(-1)
  for (let position = 0; position < id.length; position++) {
    const other = id[position] === 'x' ? 'y' : 'x'
    expect(openids.decode(id.slice(0, position) + other + id.slice(position + 1))).toBe(-1)
  }
})

test('the same seed gives the same ids and the same chances', () => {
  expect(createIdCodec('o', 7).encode(5)).toBe(createIdCodec('o', 7).encode(5))
  const [one, other] = [createRandom(3), createRandom(3)]
  const draws = Array.from({ length: 1_000 }, one)
  expect(draws).toEqual(Array.from({ length: 1_000 }, other))
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...draws)).toBeLessThan(1)
  expect(draws.filter((draw) => draw < 0.5).length).toBeGreaterThan(430)
  expect(draws.filter((draw) => draw < 0.5).length).toBeLessThan(570)
})
