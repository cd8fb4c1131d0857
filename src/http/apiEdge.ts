import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

/** Paths whose answers to what goes wrong before a route is found, or past it, differ from all others. */
export interface ApiEdge {
  owns(request: Pick<FastifyRequest, 'url'>): boolean
  /** Whether a request brings a body that may be endless. */
  isStream(request: FastifyRequest): boolean
  answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void
  /** What is answered when the body took longer than `seconds`. */
  toTooSlow(request: FastifyRequest, seconds: number): { contentType: string; body: unknown }
}
