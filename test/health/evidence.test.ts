import { describe, expect, test } from 'vitest'
import { createEvidence } from '../../src/health/evidence.ts'

function setUp(atHand: number) {
  const state = { atHand, isTrial: false }
  const evidence = createEvidence({
    isTrial: () => state.isTrial,
    countAtHand: async () => state.atHand,
  })
  const judge = (pushId: string, errcode = 48001, isRepeated = false) =>
    evidence.judge(errcode, pushId, isRepeated)
  return { evidence, judge, state }
}

describe('a refusal of the account is believed', () => {
  test('when five different pushes in a row got it, not when one got it five times', async () => {
    const { judge } = setUp(100)
    for (let n = 0; n < 5; n++) expect(await judge('a')).toBe('unclear')
    for (const id of ['b', 'c', 'd']) expect(await judge(id)).toBe('unclear')
    expect(await judge('x', 50002)).toBe('unclear')
    expect(await judge('e')).toBe('account')
    expect(await judge('f')).toBe('account')
  })

  test('not when one was accepted in between', async () => {
    const { evidence, judge } = setUp(100)
    for (const id of ['a', 'b', 'c', 'd']) await judge(id)
    evidence.accepted()
    expect(await judge('e')).toBe('unclear')
  })

  test('when all that could be sent got it', async () => {
    const { judge, state } = setUp(2)
    expect(await judge('a')).toBe('unclear')
    expect(await judge('b')).toBe('account')
    state.atHand = 1
    expect(await setUp(1).judge('c')).toBe('account')
  })

  test('when it is given to the push that tries a paused account', async () => {
    const { judge, state } = setUp(100)
    state.isTrial = true
    expect(await judge('a')).toBe('account')
  })
})

test('what a push got twice, while another one was accepted, is its own', async () => {
  const { evidence, judge } = setUp(100)
  expect(await judge('a')).toBe('unclear')
  expect(await judge('a', 48001, true)).toBe('unclear')
  evidence.accepted()
  expect(await judge('a', 48001, true)).toBe('push')
})

test('a process that has sent nothing yet believes no repetition', async () => {
  const { judge } = setUp(100)
  expect(await judge('a', 48001, true)).toBe('unclear')
})
