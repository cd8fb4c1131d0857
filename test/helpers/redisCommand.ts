/** What tests start where they need a Redis of their own; Valkey has the same commands and options. */
export const redisCommand = process.env.TEST_REDIS_SERVER ?? 'redis-server'
