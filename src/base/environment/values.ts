import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { day, hour } from '../duration.ts'
import {
  findPostgresUrlFault,
  isPostgresUrl,
  type PostgresAddress,
  toPostgresAddress,
} from '../urls/postgresUrl.ts'
import { findRedisUrlFault, splitRedisUrls } from '../urls/redisUrl.ts'

/** Of what the console gives out. */
export const patterns = {
  appid: /^[A-Za-z0-9_-]{1,64}$/,
  secret: /^[\x21-\x7e]{1,128}$/,
  /** Real keys are rarely canonical base64 (the last character carries two spare bits), so nothing stricter is asked. */
  aesKey: /^[A-Za-z0-9]{43}$/,
}
export const appid = z.string().regex(patterns.appid)
export const secret = z.string().regex(patterns.secret)
export const aesKey = z.string().regex(patterns.aesKey)
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
export const onOrOff = z.enum(['on', 'off']).transform((value) => value === 'on')
const toUrls = (text: string) => text.split(',').map((url) => url.trim().replace(/\/+$/, ''))
export const urlList = (protocol: RegExp) =>
  z
    .string()
    .transform(toUrls)
    .pipe(z.array(z.url({ protocol })).min(1))
export const redisUrls = z.string().transform((text, context) => {
  const urls = splitRedisUrls(text)
  const expected = findRedisUrlFault(urls)
  if (expected === undefined) return urls
  context.addIssue({ code: 'custom', params: { expected } })
  return z.NEVER
})
export const certificates = z.string().transform((path, context) => {
  const text = readText(path)
  if (text?.includes('-----BEGIN CERTIFICATE-----')) return text
  context.addIssue({ code: 'custom' })
  return z.NEVER
})
/** Nobody's, or what Fastify takes for `trustProxy`. */
export const proxyRanges = z
  .string()
  .transform((text) => (text.trim() === 'off' ? [] : text.split(',').map((range) => range.trim())))
  .pipe(
    z.array(
      z.union([z.enum(['loopback', 'linklocal', 'uniquelocal']), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]),
    ),
  )
/** As Standard Webhooks has it: a key, or two while it is being changed. */
export const webhookKeys = z
  .string()
  .transform((text) => text.trim().split(/\s+/))
  .pipe(
    z
      .array(
        z
          .string()
          .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/)
          .transform((text) => Buffer.from(text.slice('whsec_'.length), 'base64'))
          .refine(({ length }) => length >= 24 && length <= 64),
      )
      .max(2),
  )
export const directory = z.string().transform((path) => resolve(path))

/** So many messages of a template, or with `*` of any, may one user get in `ms` milliseconds. */
export interface PushCap {
  templateId: string
  most: number
  ms: number
}

const capPattern = /^([\w-]{1,128}|\*):([1-9]\d{0,3})\/([1-9]\d{0,2})([dh])$/
export const caps = z.string().transform((text, context): PushCap[] => {
  const found = text.split(',').map((entry) => capPattern.exec(entry.trim()))
  return found.map((match) => {
    const [, templateId = '', most = '', count = '', unit] = match ?? []
    if (match === null) context.addIssue({ code: 'custom' })
    return { templateId, most: Number(most), ms: Number(count) * (unit === 'd' ? day : hour) }
  })
})

/** Where the tables are. */
export type DatabaseConfig = { engine: 'sqlite'; path: string } | ({ engine: 'postgres' } & PostgresAddress)

export const databaseUrl = z.string().transform((url, context): DatabaseConfig => {
  const expected = isPostgresUrl(url) ? findPostgresUrlFault(url) : undefined
  if (isPostgresUrl(url) && expected === undefined) return { engine: 'postgres', ...toPostgresAddress(url) }
  const path = /^file:./.test(url) ? toPath(url) : undefined
  if (path !== undefined) return { engine: 'sqlite', path }
  context.addIssue({ code: 'custom', params: { expected } })
  return z.NEVER
})

export const proxyUrl = z.string().transform((text, context) => {
  const url = toProxyUrl(text)
  if (url !== undefined) return url
  context.addIssue({ code: 'custom' })
  return z.NEVER
})

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Undefined for a URL that names no file of this machine, such as `file://host/a`. */
function toPath(url: string): string | undefined {
  try {
    return url.startsWith('file://') ? fileURLToPath(url) : resolve(url.slice('file:'.length))
  } catch {
    return undefined
  }
}

/** A proxy as curl takes it, without a scheme `http://`; undefined for what is none. Anything behind the host is a password that is not encoded. */
function toProxyUrl(text: string): string | undefined {
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
    decodeURIComponent(url.username + url.password)
    const isProxy = /^https?:$/.test(url.protocol) && `${url.pathname}${url.search}${url.hash}` === '/'
    return isProxy ? url.href.slice(0, -1) : undefined
  } catch {
    return undefined
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
