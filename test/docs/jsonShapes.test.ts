import { expect, test } from 'vitest'
import * as z from 'zod'
import { cancelOutputSchema } from '../../src/operations/cancel.ts'
import { doctorSchema } from '../../src/operations/doctor/check.ts'
import { doctorPushSchema } from '../../src/operations/doctor/push.ts'
import { followerSchema } from '../../src/operations/lookup.ts'
import { pauseOutputSchema } from '../../src/operations/pauses/pause.ts'
import { pushLinesOutputSchema, pushOutputSchema } from '../../src/operations/push.ts'
import { auditEntrySchema } from '../../src/operations/reports/audit.ts'
import { retryOutputSchema } from '../../src/operations/retry.ts'
import { statusSchema } from '../../src/operations/status.ts'
import { syncOutputSchema } from '../../src/operations/sync.ts'
import { templateSchema } from '../../src/operations/templates.ts'
import { tokenSchema } from '../../src/operations/token.ts'
import { webhookEnableSchema, webhookRetrySchema, webhookTestSchema } from '../../src/operations/webhooks.ts'
import { pushRecordSchema } from '../../src/push/recordSchema.ts'
import { type Language, readPage, toCodeSpans } from '../helpers/readme.ts'

const languages: Language[] = ['en', 'zh']
const schemas = {
  audit: auditEntrySchema,
  cancel: cancelOutputSchema,
  doctor: doctorSchema,
  'doctor push': doctorPushSchema,
  'failed retry': retryOutputSchema,
  lookup: followerSchema,
  pause: pauseOutputSchema,
  push: pushOutputSchema,
  'push --file': pushLinesOutputSchema,
  status: statusSchema,
  sync: syncOutputSchema,
  templates: templateSchema,
  token: tokenSchema,
  'webhooks enable': webhookEnableSchema,
  'webhooks retry': webhookRetrySchema,
  'webhooks test': webhookTestSchema,
}

for (const language of languages) {
  test.each(Object.entries(schemas))(
    `the JSON of %s is what the documentation in ${language} says`,
    (command, schema) => {
      const rows = readPage(`docs/${language}/commands.md`).tables.flatMap((table) => table.rows)
      const shape = rows.find(
        ([name = '', json = '']) => name.startsWith(`\`${command}\``) && json.startsWith('`{'),
      )?.[1]
      expectSame(shape, schema)
    },
  )

  test(`the record of a push is what the documentation in ${language} says`, () => {
    const shape = readPage(`docs/${language}/records.md`)
      .text.split('\n')
      .find((line) => line.startsWith('`{id,'))
    expectSame(shape, pushRecordSchema)
  })
}

/** Where the documentation goes into detail, it names everything. */
function expectSame(shape: string | undefined, schema: z.ZodType): void {
  const [code = ''] = toCodeSpans(shape ?? '')
  const documented = toPaths(code)
  expect(documented).not.toEqual([])
  const parents = new Set(documented.map(toParent))
  const actual = toSchemaPaths(z.toJSONSchema(schema), '')
  expect(documented).toEqual(actual.filter((path) => parents.has(toParent(path))))
}

function toParent(path: string): string {
  return path.replace(/[^./]*$/, '')
}

/** `{a, b: [{c}], d: "x" | "y"}` -> a, b, b.c, d, d/x, d/y. */
function toPaths(shape: string): string[] {
  const paths: string[] = []
  const outer: string[] = []
  let path = ''
  for (const [token] of shape.matchAll(/[{}]|"\w+"|\w+/g)) {
    if (token === '{') outer.push(path === '' ? '' : `${path}.`)
    else if (token === '}') path = (outer.pop() ?? '').replace(/\.$/, '')
    else if (token.startsWith('"')) paths.push(`${path}/${token.slice(1, -1)}`)
    else if (token !== 'null') {
      path = `${outer.at(-1)}${token}`
      paths.push(path)
    }
  }
  return paths
}

const jsonSchema = z.object({
  anyOf: z.array(z.unknown()).default([]),
  items: z.unknown().optional(),
  enum: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
})

/** Optional keys are left out: they come with an error. */
function toSchemaPaths(given: unknown, path: string): string[] {
  const { anyOf, items, enum: words, properties, required } = jsonSchema.parse(given ?? {})
  return [
    ...words.map((word) => `${path}/${word}`),
    ...[...anyOf, items].flatMap((part) => (part === undefined ? [] : toSchemaPaths(part, path))),
    ...required.flatMap((key) => {
      const inner = path === '' ? key : `${path}.${key}`
      return [inner, ...toSchemaPaths(properties[key], inner)]
    }),
  ]
}
