import type { FastifyRequest } from 'fastify'
import * as z from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { toBadInput } from './problems/toProblemError.ts'

export function idempotencyKeyHeader(meaning: string) {
  return z.object({ 'idempotency-key': z.string().optional().describe(meaning) })
}

/** A string of RFC 8941, as the draft of this header (draft-ietf-httpapi-idempotency-key-header) has it. */
const quoted = /^"((?:[^"\\]|\\["\\])*)"$/

/** In quotes or without, as most clients send it. @throws ProblemError when there are several. */
export function readIdempotencyKey({ raw }: Pick<FastifyRequest, 'raw'>): string | undefined {
  const given = raw.headersDistinct['idempotency-key'] ?? []
  if (given.length > 1) {
    throw toBadInput([{ pointer: '/id', message: say('field.oneKey', { count: given.length }) }])
  }
  const [header] = given
  if (header === undefined) return undefined
  // Node reads headers as Latin-1, and ids are UTF-8.
  const text = Buffer.from(header, 'latin1').toString()
  const [, inner] = quoted.exec(text) ?? []
  return inner?.replace(/\\(["\\])/g, '$1') ?? text
}
