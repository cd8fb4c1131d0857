import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import * as z from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { toBadInput } from './problems/toProblemError.ts'

export function idempotencyKeyHeader(meaning: string) {
  return z.object({ 'idempotency-key': z.string().optional().describe(meaning) })
}

/** A string of RFC 8941, as the draft of this header (draft-ietf-httpapi-idempotency-key-header) has it. */
const quoted = /^"((?:[^"\\]|\\["\\])*)"$/

/** In quotes or without, as most clients send it. @throws ProblemError when there are several, or it is not UTF-8. */
export function readIdempotencyKey({ raw }: Pick<FastifyRequest, 'raw'>): string | undefined {
  const given = raw.headersDistinct['idempotency-key'] ?? []
  if (given.length > 1) {
    throw toBadInput([{ pointer: '/id', message: say('field.oneKey', { count: given.length }) }])
  }
  const [header] = given
  if (header === undefined) return undefined
  // Node reads headers as Latin-1, and ids are UTF-8.
  const bytes = Buffer.from(header, 'latin1')
  // Read all the same, keys that differ in such bytes only would be one.
  if (!isUtf8(bytes)) throw toBadInput([{ pointer: '/id', message: say('field.keyUtf8') }])
  const text = bytes.toString()
  const [, inner] = quoted.exec(text) ?? []
  return inner?.replace(/\\(["\\])/g, '$1') ?? text
}
