import { describe, expect, test } from 'vitest'
import { checkDestinations } from '../../src/push/destinations.ts'
import { InvalidPushError } from '../../src/push/invalidPush.ts'

const shop = { name: 'shop', appid: 'wxaaaaaaaaaaaaaaaa' }
const club = { name: 'club', appid: 'wxbbbbbbbbbbbbbbbb' }
const accounts = [shop, club]
const message = { unionid: 'u', templateId: 't', data: { thing1: 'x' }, url: 'https://a.example' }

function accepted(more: Record<string, unknown>, known = accounts) {
  const checked = checkDestinations({ ...message, ...more }, known)
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
  return checked.destinations
}

function refused(more: Record<string, unknown>, known = accounts) {
  const checked = checkDestinations({ ...message, ...more }, known)
  return 'problems' in checked
    ? new InvalidPushError(checked.problems).problems.map(
        ({ field, rule, given }) => `${field}: ${rule}, ${given}`,
      )
    : []
}

describe('one account', () => {
  test('is the only one when none is named, and otherwise named by name or AppID', () => {
    expect(accepted({}, [shop])).toMatchObject([{ account: shop, message }])
    expect(accepted({ account: 'club' })).toMatchObject([{ account: club, message }])
    expect(accepted({ account: club.appid })).toMatchObject([{ account: club }])
  })

  test('has to be named where there are several, together with whatever else is wrong', () => {
    expect(refused({})).toEqual(['account: one of shop, club, nothing'])
    expect(refused({ account: 'pub', templateId: '' })).toEqual([
      'templateId: 1 to 128 letters, digits, _ and -, 0 characters, ""',
      'account: one of shop, club, 3 characters, "pub"',
    ])
    expect(refused({ account: 7 }, [shop])).toEqual(['account: one of shop, 7'])
  })
})

describe('a list of accounts', () => {
  test('takes from the push what its entries leave out', () => {
    const list = ['shop', { account: club.appid, templateId: 't2', data: { thing2: 'y' } }]
    expect(accepted({ account: list })).toMatchObject([
      { account: shop, message },
      { account: club, message: { ...message, templateId: 't2', data: { thing2: 'y' } } },
    ])
    const { templateId: _, ...rest } = message
    const all = ['shop', 'club'].map((account) => ({ account, templateId: `of-${account}` }))
    const checked = checkDestinations({ ...rest, account: all }, accounts)
    expect(checked).toMatchObject({ destinations: [{ message: { templateId: 'of-shop' } }, {}] })
  })

  test('names the entry that is wrong, and what is wrong for all of them once', () => {
    const long = { account: 'club', data: { thing1: 'x'.repeat(21) } }
    expect(refused({ account: ['shop', long] })).toEqual([
      expect.stringMatching(/^account\.1\.data\.thing1: at most 20 characters, 21 characters/),
    ])
    expect(refused({ account: ['shop', 'club'], templateId: '' })).toHaveLength(1)
    expect(refused({ account: ['shop', { account: 'club', hold: true }] })).toEqual([
      'account.1.hold: no such field, true',
    ])
    expect(refused({ account: ['shop', { templateId: 't' }] })).toEqual([
      expect.stringMatching(/^account\.1: a list of accounts, .*an object$/),
    ])
    expect(refused({ account: ['shop', 'pub'] })).toEqual([
      'account.1: one of shop, club, 3 characters, "pub"',
    ])
  })

  test('has each account once, at least one, and no openid, which belongs to one of them', () => {
    expect(refused({ account: [] })).toEqual(['account: 1 to 20 accounts, none'])
    expect(refused({ account: ['shop', shop.appid] })).toEqual(['account: each account once, shop twice'])
    expect(refused({ account: ['shop', 'club'], unionid: undefined, openid: 'o' })).toEqual([
      'account: one account, because an openid belongs to one, 2',
    ])
  })
})
