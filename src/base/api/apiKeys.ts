import * as z from 'zod'
import { type Sentence, say } from '../sentences/sentence.ts'

/** push: enqueue, and see pushes by id. view: read everything. operate: everything. */
export const apiRoles = ['push', 'view', 'operate'] as const
export type ApiRole = (typeof apiRoles)[number]

/** Who may ask over HTTP. */
export interface ApiKey {
  name: string
  role: ApiRole
  key: string
}

const shortest = 24
const longest = 128

/** `name:role:key`, separated by commas. What is wrong with them is said in one sentence, in which no key is. */
export const apiKeysSchema = z.string().transform((text, context): ApiKey[] => {
  const keys: ApiKey[] = []
  const faults = text.split(',').flatMap((entry, i) => {
    const parsed = parseEntry(entry.trim())
    if ('fault' in parsed) return [say('apiKey.entry', { n: String(i + 1), faults: parsed.fault })]
    keys.push(parsed)
    return []
  })
  faults.push(...findTwice(keys, 'name', 'apiKey.sameName'), ...findTwice(keys, 'key', 'apiKey.sameKey'))
  if (faults.length === 0) return keys
  context.addIssue({ code: 'custom', params: { expected: say('expected.apiKeysFaults', { faults }) } })
  return z.NEVER
})

/** Neither name nor role are repeated: who leaves one of them out has the key in their place. */
function parseEntry(entry: string): ApiKey | { fault: Sentence } {
  const [name = '', word, ...rest] = entry.split(':')
  if (word === undefined || rest.length === 0) return { fault: say('apiKey.form') }
  const key = rest.join(':')
  const role = apiRoles.find((known) => known === word)
  const faults = [
    /^[\w.-]{1,40}$/.test(name) ? [] : [say('apiKey.name')],
    role
      ? []
      : [say('apiKey.role', { roles: apiRoles.slice(0, -1).join(', '), last: apiRoles.at(-1) ?? '' })],
    findKeyFault(key) ?? [],
  ].flat()
  if (role && faults.length === 0) return { name, role, key }
  return { fault: faults.reduce((first, second) => say('apiKey.two', { first, second })) }
}

function findKeyFault(key: string): Sentence | undefined {
  if (key.length < shortest) {
    return say('apiKey.short', { count: String(key.length), least: String(shortest) })
  }
  if (key.length > longest) {
    return say('apiKey.long', { count: String(key.length), most: String(longest) })
  }
  return /^[\x21-\x7e]+$/.test(key) ? undefined : say('apiKey.ascii')
}

function findTwice(
  keys: readonly ApiKey[],
  field: 'name' | 'key',
  sentence: 'apiKey.sameName' | 'apiKey.sameKey',
): Sentence[] {
  const values = keys.map((key) => key[field])
  const isRepeated = values.some((value, i) => values.indexOf(value) < i)
  return isRepeated ? [say(sentence)] : []
}
