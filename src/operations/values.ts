import * as z from 'zod'

/** What the answers of several operations are made of. */
export const count = z.int().min(0)
export const isoTime = z.iso.datetime()
export const nullableText = z.string().nullable()
