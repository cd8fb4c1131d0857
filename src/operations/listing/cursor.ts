import * as z from 'zod'
import { rule } from '../../base/sentences/rule.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { PushRow } from '../../db/pushes.ts'

/** The last push of a page. */
export type Cursor = Pick<PushRow, 'createdAt' | 'id' | 'appid'>

const placeSchema = z.tuple([z.number(), z.string(), z.string()])

export function toCursor({ createdAt, id, appid }: Cursor): string {
  return Buffer.from(JSON.stringify([createdAt, id, appid])).toString('base64url')
}

/** A cursor as an answer gave it. */
export const cursorSchema = z.string().transform((text, context): Cursor => {
  const place = placeSchema.safeParse(readJson(Buffer.from(text, 'base64url').toString()))
  if (place.success) {
    const [createdAt, id, appid] = place.data
    return { createdAt, id, appid }
  }
  context.addIssue({ code: 'custom', message: rule(say('field.cursor')) })
  return z.NEVER
})

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
