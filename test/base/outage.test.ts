import { afterEach, expect, test, vi } from 'vitest'
import { createOutage } from '../../src/base/outage.ts'

afterEach(() => {
  vi.useRealTimers()
})

function setUp(options: { toKind?: (cause: string) => string; quietTime?: number } = {}) {
  const told: string[] = []
  const outage = createOutage<string>({
    onFail: (cause) => told.push(cause),
    onPass: () => told.push('over'),
    ...options,
  })
  return { outage, told }
}

test('an outage is told once, and its end', () => {
  const { outage, told } = setUp()
  outage.pass()
  outage.fail('first')
  outage.fail('second')
  expect(outage.isOn()).toBe(true)
  outage.pass()
  outage.pass()
  expect(outage.isOn()).toBe(false)
  outage.fail('third')
  expect(told).toEqual(['first', 'over', 'third'])
})

test('one of another kind is told in between', () => {
  const { outage, told } = setUp({ toKind: (cause) => cause.charAt(0) })
  for (const cause of ['a1', 'a2', 'b1', 'a3']) outage.fail(cause)
  expect(told).toEqual(['a1', 'b1', 'a3'])
})

test('those that follow each other quickly are told once in the quiet time', () => {
  vi.useFakeTimers()
  const { outage, told } = setUp({ quietTime: 10_000 })
  for (let n = 1; n <= 12; n++) {
    outage.fail(`${n}`)
    outage.pass()
    vi.advanceTimersByTime(1_000)
  }
  expect(told).toEqual(['1', 'over', '11', 'over'])
})

test('one that begins in the quiet time and lasts is told after it, and its end', () => {
  vi.useFakeTimers()
  const { outage, told } = setUp({ quietTime: 10_000 })
  outage.fail('short')
  outage.pass()
  for (let n = 1; n <= 12; n++) {
    vi.advanceTimersByTime(1_000)
    outage.fail(`${n}`)
    expect(outage.isOn()).toBe(true)
  }
  outage.pass()
  expect(told).toEqual(['short', 'over', '10', 'over'])
})
