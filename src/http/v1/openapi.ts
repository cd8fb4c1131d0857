import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { apiRoles } from '../../base/api/apiKeys.ts'
import type { AddRoute } from './route.ts'

const decorator = 'describeV1'

/** Has every route that is added from now on described. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    decorator,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'unionpush',
        version: '1',
        description: 'WeChat template messages by unionid. Times are ISO 8601, what is not known is null.',
      },
      tags: [
        { name: 'pushes', description: 'messages to one user' },
        { name: 'broadcasts', description: 'messages to many' },
        { name: 'account', description: 'the service accounts' },
        { name: 'api', description: 'about this API' },
      ],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    // JSON Schema 2020-12 has `const`.
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }, _uri, _fragment, n) => String($id ?? `schema${n}`) },
  })
}

/** The description of all of them. */
export function openApiRoute(app: FastifyInstance, addRoute: AddRoute): void {
  addRoute(
    {
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description',
      tag: 'api',
      roles: apiRoles,
      answers: { 200: ['OpenAPI 3.1', z.looseObject({ openapi: z.string() })] },
    },
    () => app.getDecorator<() => unknown>(decorator)(),
  )
}
