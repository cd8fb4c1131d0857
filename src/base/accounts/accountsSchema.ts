import * as z from 'zod'
import { patterns } from '../environment/values.ts'
import { rule } from '../sentences/rule.ts'
import { type Sentence, say } from '../sentences/sentence.ts'

/** The rule is also what an error says; of what was given it says nothing. */
const text = (pattern: RegExp, expected: string) => z.string(expected).regex(pattern, expected)
const integer = (min: number, max: number) => {
  const expected = rule(say('expected.integer', { min: String(min), max: String(max) }))
  return z.int(expected).min(min, expected).max(max, expected)
}

const identity = {
  name: text(/^[a-z0-9-]{1,40}$/, rule(say('expected.accountName'))),
  appid: text(patterns.appid, rule(say('expected.appid'))),
}
const token = text(patterns.secret, rule(say('expected.callbackToken')))
const key = text(patterns.aesKey, rule(say('expected.aesKey')))

const callback = z
  .strictObject(
    { token, encodingAesKey: key.optional(), previousEncodingAesKey: key.optional() },
    '{token, encodingAesKey, previousEncodingAesKey}',
  )
  .check(({ value: { encodingAesKey: input, previousEncodingAesKey }, issues }) => {
    if (input || !previousEncodingAesKey) return
    issues.push({
      code: 'custom',
      input,
      path: ['encodingAesKey'],
      message: rule(say('expected.currentKey')),
    })
  })

const miniprogram = z.strictObject(
  {
    appid: text(patterns.appid, rule(say('expected.miniAppid'))),
    secret: text(patterns.secret, rule(say('expected.miniSecret'))),
    callback: z.strictObject({ token, encodingAesKey: key.optional() }, '{token, encodingAesKey}').optional(),
  },
  '{appid, secret}',
)

const cron = rule(say('expected.cron'))
const toEntrySchema = (isCron: (expression: string) => boolean) =>
  z.strictObject(
    {
      ...identity,
      secret: text(patterns.secret, rule(say('expected.secret'))),
      miniprogram: miniprogram.optional(),
      callback: callback.optional(),
      syncCron: z.string(cron).refine(isCron, cron).optional(),
      rate: integer(0, 10_000).optional(),
      concurrency: integer(1, 1_000).optional(),
    },
    rule(say('expected.account', { form: '{"name", "appid", "secret"}' })),
  )

/** One account as it stands in the file. */
export type AccountEntry = z.output<ReturnType<typeof toEntrySchema>>
export type AccountNames = Pick<AccountEntry, 'name' | 'appid'>

export type AtLeastOne<T> = readonly [T, ...T[]]

const list = rule(say('expected.accountList'))
const root = '{"accounts": [...]}'

export function toAccountsSchema(
  isCron: (expression: string) => boolean,
): z.ZodType<{ accounts: AccountEntry[] }> {
  return z.strictObject({ accounts: z.array(toEntrySchema(isCron), list).min(1, list) }, root)
}

export const accountNamesSchema: z.ZodType<{ accounts: AccountNames[] }> = z.object(
  { accounts: z.array(z.object(identity), list).min(1, list) },
  root,
)

/** As much of an account as can be compared, whatever else is wrong with it. */
const looseText = z.string().optional().catch(undefined)
const looseSchema = z.object({
  accounts: z.array(
    z
      .object({
        name: looseText,
        appid: looseText,
        miniprogram: z.object({ appid: looseText, secret: looseText }).optional().catch(undefined),
      })
      .catch({ name: undefined, appid: undefined, miniprogram: undefined }),
  ),
})

export interface Repetition {
  path: PropertyKey[]
  expected: Sentence
  input: string
}

/** A word of a command or of a message must lead to one account only, and a mini-program has one secret. */
export function findRepetitions(given: unknown): Repetition[] {
  const repetitions: Repetition[] = []
  const owners = new Map<string, number>()
  const secrets = new Map<string, string>()
  const { data } = looseSchema.safeParse(given)
  for (const [i, { name, appid, miniprogram }] of data?.accounts.entries() ?? []) {
    for (const [field, word] of Object.entries({ name, appid })) {
      const owner = word === undefined ? i : (owners.get(word) ?? i)
      if (word !== undefined) owners.set(word, owner)
      if (owner === i || word === undefined) continue
      const expected = say('expected.noOther', { place: `accounts[${owner}]` })
      repetitions.push({ path: ['accounts', i, field], expected, input: word })
    }
    const { appid: app, secret } = miniprogram ?? {}
    if (app === undefined || secret === undefined) continue
    const known = secrets.get(app) ?? secret
    secrets.set(app, known)
    if (known === secret) continue
    const expected = say('expected.sameSecret')
    repetitions.push({ path: ['accounts', i, 'miniprogram', 'secret'], expected, input: secret })
  }
  return repetitions
}
