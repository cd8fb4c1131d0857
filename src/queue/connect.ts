import type { QueueConfig } from '../base/config.ts'
import type { QueueBackend, Role } from './backend.ts'
import { connectEmbedded } from './embedded/embedded.ts'
import { toPostgresTarget } from './postgres/options.ts'
import { connectPostgres } from './postgres/postgres.ts'
import { connectRedis } from './redis/redis.ts'

/** The one place that chooses the kind of server. */
export function connectQueue(config: QueueConfig, role: Role): QueueBackend {
  switch (config.kind) {
    case 'redis':
      return connectRedis(config.urls, role, config.ca)
    case 'postgres':
      return connectPostgres(toPostgresTarget(config), role)
    case 'embedded':
      return connectEmbedded(config.dir, role)
    default:
      return config satisfies never
  }
}
