import type { Cluster, Redis } from 'ioredis'

/** Scripts of BullMQ that take jobs through the queue; those that add some are refused as they should be. */
const draining = /^(move|extend|retry|pause|promote|remove|release|reprocess|changeDelay)/

/** Needs no memory, so that what follows it in a script is let through. */
export const freeWrite = "redis.call('del', KEYS[1] .. ':none')\n"

/**
 * A Redis that is full under noeviction refuses the first write of a script, if it may need memory, but none that follows
 * one that needs none. So the jobs in it can be worked off, which is what makes room, after a write that does nothing.
 */
export function drainWhenFull(client: Redis | Cluster): void {
  const define = client.defineCommand.bind(client)
  client.defineCommand = (name, definition) =>
    define(name, draining.test(name) ? { ...definition, lua: freeWrite + definition.lua } : definition)
  // The settings of the queue, without which it may take no jobs at all.
  const hset = (key: string, ...fields: (string | number)[]) =>
    client.eval(`${freeWrite}return redis.call('hset', KEYS[1], unpack(ARGV))`, 1, key, ...fields)
  Object.defineProperty(client, 'hset', { value: hset, configurable: true, writable: true })
}
