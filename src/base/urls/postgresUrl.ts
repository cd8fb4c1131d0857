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
const encoded =
  'the user and the password percent-encoded: # as %23, / as %2F, ? as %3F, % as %25, @ as %40, a comma as %2C'

type ParameterRule = [isValid: (value: string) => boolean, expected: string]
const isAnything: ParameterRule = [(value) => value !== '', 'a value']

/** What may stand behind the question mark. */
const parameters: Record<string, ParameterRule> = {
  schema: [
    (value) => /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/.test(value),
    'at most 48 of a-z, 0-9 and _, not beginning with pg_ or a digit',
  ],
  sslmode: [(value) => sslModes.some((mode) => mode === value), `one of ${sslModes.join(', ')}`],
  sslrootcert: isAnything,
  sslcert: isAnything,
  sslkey: isAnything,
  /** The directory of a socket. */
  host: isAnything,
  application_name: isAnything,
  channel_binding: [(value) => /^(disable|prefer|require)$/.test(value), 'disable, prefer or require'],
}

export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:/i.test(text)
}

/** Finds what makes a `postgres://` URL unusable and says what is expected instead; undefined = nothing. */
export function findPostgresUrlFault(text: string): string | undefined {
  const general = 'postgres://user:password@host:5432/database'
  const url = URL.canParse(text) ? new URL(text) : undefined
  // What stands before the last @ may be a password that ends what the URL takes for its host.
  if (!url) return text.includes('@') ? `${general}, ${encoded}` : general
  if (url.hash !== '' || `${url.pathname}${url.search}`.includes('@') || !isEncoded(url)) return encoded
  if (url.hostname.includes(','))
    return 'one host: what moves a database to another one has an address of its own'
  if (url.hostname === '' && !url.searchParams.has('host')) return general
  if (!/^\/[^/]+$/.test(url.pathname)) return `the name of a database after the host, as in ${general}`
  for (const [name, value] of url.searchParams) {
    const rule = parameters[name]
    if (!rule) return `no ?${name}=: what can be set is ${Object.keys(parameters).join(', ')}`
    if (!rule[0](value)) return `?${name}= to be ${rule[1]}`
  }
  if (url.searchParams.get('sslmode') === 'verify-ca' && !url.searchParams.has('sslrootcert'))
    return '?sslrootcert= with the file of the certificate authority, which ?sslmode=verify-ca needs'
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
