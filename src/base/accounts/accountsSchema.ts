import * as z from 'zod'
import { patterns } from '../environment.ts'

/** The rule is also what an error says; of what was given it says nothing. */
const text = (pattern: RegExp, rule: string) => z.string(rule).regex(pattern, rule)
const integer = (min: number, max: number) => {
  const rule = `a whole number from ${min} to ${max}`
  return z.int(rule).min(min, rule).max(max, rule)
}

const identity = {
  name: text(/^[a-z0-9-]{1,40}$/, 'a name of 1 to 40 letters a-z, digits and -'),
  appid: text(patterns.appid, 'the AppID of the service account (wx...)'),
}
const token = text(patterns.secret, 'the Token of the server settings in the console')
const key = text(patterns.aesKey, '43 letters and digits, the EncodingAESKey of the server settings')

const callback = z
  .strictObject(
    { token, encodingAesKey: key.optional(), previousEncodingAesKey: key.optional() },
    '{token, encodingAesKey, previousEncodingAesKey}',
  )
  .refine((given) => given.encodingAesKey || !given.previousEncodingAesKey, {
    path: ['encodingAesKey'],
    message: 'the current key beside the previous one',
  })

const miniprogram = z.strictObject(
  {
    appid: text(patterns.appid, 'the AppID of the mini-program (wx...)'),
    secret: text(patterns.secret, 'the AppSecret of the mini-program'),
    callback: z.strictObject({ token, encodingAesKey: key.optional() }, '{token, encodingAesKey}').optional(),
  },
  '{appid, secret}',
)

const cron = 'a cron expression such as 30 3 * * *'
const toEntrySchema = (isCron: (expression: string) => boolean) =>
  z.strictObject(
    {
      ...identity,
      secret: text(patterns.secret, 'the AppSecret of the service account'),
      miniprogram: miniprogram.optional(),
      callback: callback.optional(),
      syncCron: z.string(cron).refine(isCron, cron).optional(),
      rate: integer(0, 10_000).optional(),
      concurrency: integer(1, 1_000).optional(),
    },
    'an account such as {"name", "appid", "secret"}',
  )

/** One account as it stands in the file. */
export type AccountEntry = z.output<ReturnType<typeof toEntrySchema>>
export type AccountNames = Pick<AccountEntry, 'name' | 'appid'>

export type AtLeastOne<T> = readonly [T, ...T[]]

const list = 'a list with at least one account'
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
  message: string
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
      const message = `one that no other account has: accounts[${owner}] has it too`
      repetitions.push({ path: ['accounts', i, field], message, input: word })
    }
    const { appid: app, secret } = miniprogram ?? {}
    if (app === undefined || secret === undefined) continue
    const known = secrets.get(app) ?? secret
    secrets.set(app, known)
    if (known === secret) continue
    const message = 'the same AppSecret wherever the same mini-program stands'
    repetitions.push({ path: ['accounts', i, 'miniprogram', 'secret'], message, input: secret })
  }
  return repetitions
}
