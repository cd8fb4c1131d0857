import { type Sentence, say, verbatim } from '../sentences/sentence.ts'

/** How much is asked of TLS; the words and their meaning are libpq's. */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** A PostgreSQL server, and the schema of it that is ours. */
export interface PostgresAddress {
  /** What `pg` takes, sslmode left out. It holds the password. */
  url: string
  schema: string
  sslmode: SslMode
}

const defaultSchema = 'unionpush'
const encoded = say('url.encoded')

type ParameterRule = [isValid: (value: string) => boolean, expected: Sentence]
const isAnything: ParameterRule = [(value) => value !== '', say('url.anything')]

/** What may stand behind the question mark. */
const parameters: Record<string, ParameterRule> = {
  schema: [(value) => /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/.test(value), say('url.schema')],
  sslmode: [
    (value) => sslModes.some((mode) => mode === value),
    say('expected.oneOf', { names: sslModes.join(', ') }),
  ],
  sslrootcert: isAnything,
  sslcert: isAnything,
  sslkey: isAnything,
  /** The directory of a socket. */
  host: isAnything,
  application_name: isAnything,
  channel_binding: [(value) => /^(disable|prefer|require)$/.test(value), say('url.channelBinding')],
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:/i.test(text)
}

/** Finds what makes a `postgres://` URL unusable and says what is expected instead; undefined = nothing. */
export function findPostgresUrlFault(text: string): Sentence | undefined {
  const form = 'postgres://user:password@host:5432/database'
  const general = verbatim(form)
  const url = URL.canParse(text) ? new URL(text) : undefined
  // What stands before the last @ may be a password that ends what the URL takes for its host.
  if (!url) return text.includes('@') ? say('url.formAndEncoded', { form, encoded }) : general
  if (url.hash !== '' || `${url.pathname}${url.search}`.includes('@') || !isEncoded(url)) return encoded
  if (url.hostname.includes(',')) return say('url.oneHost')
  if (url.hostname === '' && !url.searchParams.has('host')) return general
  if (!/^\/[^/]+$/.test(url.pathname)) return say('url.databaseName', { form })
  for (const [name, value] of url.searchParams) {
    const rule = parameters[name]
    if (!rule) return say('url.noParameter', { name, known: Object.keys(parameters).join(', ') })
    if (!rule[0](value)) return say('url.parameter', { name, expected: rule[1] })
  }
  if (url.searchParams.get('sslmode') === 'verify-ca' && !url.searchParams.has('sslrootcert'))
    return say('url.rootCertificate')
  return undefined
}

/** For a URL without fault. */
export function toPostgresAddress(text: string): PostgresAddress {
  const url = new URL(text)
  const schema = url.searchParams.get('schema') ?? defaultSchema
  const given = url.searchParams.get('sslmode')
  const sslmode = sslModes.find((mode) => mode === given) ?? 'prefer'
  for (const name of ['schema', 'sslmode']) url.searchParams.delete(name)
  return { url: url.href, schema, sslmode }
}

/** For people: without user and password. */
export function toPostgresPlace({ url, schema }: Pick<PostgresAddress, 'url' | 'schema'>): string {
  const { host, pathname, searchParams } = new URL(url)
  return `postgres://${searchParams.get('host') ?? host}${pathname}?schema=${schema}`
}

function isEncoded({ username, password, pathname }: URL): boolean {
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}
