import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { say } from '../../base/sentences/sentence.ts'
import { toBadInput } from './problems/toProblemError.ts'

/**
 * Text in another charset would reach users as rows of replacement characters, so it is refused. Clients name the type of
 * a body that they do not send, too; then there is none.
 */
export function parseJsonOf(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    if (bytes.length === 0) done(null)
    else if (isUtf8(bytes)) void parse(request, bytes.toString(), done)
    else done(toBadInput([{ pointer: '', message: say('field.utf8') }]))
  })
}
