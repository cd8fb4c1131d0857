import { type PostgresAddress, type SslMode, toPostgresPlace } from '../../base/urls/postgresUrl.ts'
import type { PostgresOptions } from './server.ts'

/** TLS as libpq does it: `prefer` and `allow` are two ways, of which the second is tried when the server has not the first. */
const waysOf: Record<SslMode, readonly SslMode[]> = {
  disable: ['disable'],
  allow: ['disable', 'require'],
  prefer: ['require', 'disable'],
  require: ['require'],
  'verify-ca': ['verify-ca'],
  'verify-full': ['verify-full'],
}

/** The queue beside the tables, in a schema of its own that BullMQ keeps. */
export function toPostgresTarget(address: PostgresAddress) {
  const schema = `${address.schema}_queue`
  return {
    place: toPostgresPlace({ ...address, schema }),
    ways: waysOf[address.sslmode].map((mode) => toOptions(address.url, mode)),
    schema,
  }
}

function toOptions(text: string, sslmode: SslMode): PostgresOptions {
  const url = new URL(text)
  const binding = url.searchParams.get('channel_binding')
  url.searchParams.delete('channel_binding')
  url.searchParams.set('sslmode', sslmode)
  url.searchParams.set('uselibpqcompat', 'true')
  return { connectionString: url.href, enableChannelBinding: binding !== null && binding !== 'disable' }
}
