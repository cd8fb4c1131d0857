import type { Log } from '../../base/log.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { ApiEdge } from '../apiEdge.ts'
import { toAcceptedLanguage } from './language.ts'
import { isNdjson } from './ndjson.ts'
import { createProblemHandler } from './problems/answerProblem.ts'
import { ProblemError, toDocument } from './problems/problem.ts'

/** What comes to /v1 and never gets to a route is answered as all else there: with a problem document. */
export function createApiEdge(log: Log): ApiEdge {
  const answerProblem = createProblemHandler(log)
  return {
    owns: ({ url }) => /^\/v1(?:[/?]|$)/.test(url),
    isStream: isNdjson,
    answerError(error, request, reply) {
      const address = error.statusCode === 400 ? say('http.bad_address', { url: request.url }) : undefined
      answerProblem(address ? new ProblemError(400, address) : error, request, reply)
    },
    toTooSlow({ headers }, seconds) {
      const problem = new ProblemError(408, say('http.too_slow', { seconds }))
      return {
        contentType: 'application/problem+json',
        body: toDocument(problem, toAcceptedLanguage(headers['accept-language'])),
      }
    },
  }
}
