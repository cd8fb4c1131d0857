import * as z from 'zod'

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
const form = 'name:role:key, separated by commas'

/** `name:role:key`, separated by commas. What is wrong with them is said in one sentence, in which no key is. */
export const apiKeysSchema = z.string().transform((text, context): ApiKey[] => {
  const keys: ApiKey[] = []
  const faults = text.split(',').flatMap((entry, i) => {
    const parsed = parseEntry(entry.trim())
    if ('fault' in parsed) return [`entry ${i + 1}: ${parsed.fault}`]
    keys.push(parsed)
    return []
  })
  faults.push(...findTwice(keys, 'name', 'the same name'), ...findTwice(keys, 'key', 'the same key'))
  if (faults.length === 0) return keys
  context.addIssue({ code: 'custom', params: { expected: `${form} (${faults.join('; ')})` } })
  return z.NEVER
})

/** Neither name nor role are repeated: who leaves one of them out has the key in their place. */
function parseEntry(entry: string): ApiKey | { fault: string } {
  const [name = '', word, ...rest] = entry.split(':')
  if (word === undefined || rest.length === 0) return { fault: 'it is not name:role:key' }
  const key = rest.join(':')
  const role = apiRoles.find((known) => known === word)
  const faults = [
    /^[\w.-]{1,40}$/.test(name) ? [] : ['the name has to be 1 to 40 letters, digits, _, . and -'],
    role ? [] : [`the role has to be ${apiRoles.slice(0, -1).join(', ')} or ${apiRoles.at(-1)}`],
    findKeyFault(key) ?? [],
  ].flat()
  return role && faults.length === 0 ? { name, role, key } : { fault: faults.join(', ') }
}

function findKeyFault(key: string): string | undefined {
  if (key.length < shortest) {
    return `the key has ${key.length} characters, at least ${shortest} are needed (openssl rand -hex 24)`
  }
  if (key.length > longest) return `the key has ${key.length} characters, at most ${longest} are taken`
  return /^[\x21-\x7e]+$/.test(key) ? undefined : 'the key has to be printable ASCII without blanks'
}

function findTwice(keys: readonly ApiKey[], field: 'name' | 'key', what: string): string[] {
  const values = keys.map((key) => key[field])
  const isRepeated = values.some((value, i) => values.indexOf(value) < i)
  return isRepeated ? [`two entries have ${what}`] : []
}
