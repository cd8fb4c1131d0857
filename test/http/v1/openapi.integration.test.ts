import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { startApiWorld } from '../../helpers/apiWorld.ts'
import { readPage } from '../../helpers/readme.ts'

const operation = z.looseObject({
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
})
const description = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), operation)),
})

test('the API describes all of itself, in valid OpenAPI 3.1, to whoever has a key', async () => {
  const { get } = await startApiWorld({ synced: false })
  const { status, body } = await get('/v1/openapi.json', { key: 'push' })
  expect(status).toBe(200)
  expect(await new Validator().validate(body)).toEqual({ valid: true })
  const { paths } = description.parse(body)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  for (const language of ['en', 'zh'] as const) {
    const rows = readPage(`docs/${language}/api.md`).tables.flatMap((table) => table.rows)
    const listed = rows.flatMap(([cell = '']) => /^`((?:GET|POST) .+)`$/.exec(cell)?.[1] ?? [])
    expect(operations.sort()).toEqual(listed.map((route) => route.replaceAll(/:(\w+)/g, '{$1}')).sort())
  }
  for (const { responses, security } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    expect(security).toEqual([{ key: [] }])
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '401', '403', '429', '500', '503']))
  }
  expect(Object.keys(paths['/v1/pushes']?.post?.responses ?? {})).toEqual(
    expect.arrayContaining(['202', '409', '413', '415']),
  )
  expect(JSON.stringify(body)).toContain('{"$ref":"#/components/schemas/Problem"}')
})

test('the description of the mini-program says nothing of the API', async () => {
  const { get } = await startApiWorld({ synced: false })
  const { body } = await get('/openapi.json', { key: null })
  expect(Object.keys(body.paths)).toEqual(['/healthz', '/readyz'])
})
