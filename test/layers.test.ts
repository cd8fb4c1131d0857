import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** What each room may import besides itself. A room that is not here is a room nobody has thought about. */
const outside = ['base', 'net', 'wechat', 'db', 'queue']
const contract = [...outside, 'push', 'health']
const siblings = ['sending', 'broadcast', 'sync', 'callback', 'identity', 'webhooks']
const all = [...contract, ...siblings, 'operations', 'runtime.ts']
const allowed: Record<string, readonly string[]> = {
  base: [],
  net: ['base'],
  wechat: ['base', 'net'],
  db: ['base'],
  queue: ['base', 'net'],
  health: outside,
  push: outside,
  sending: contract,
  broadcast: contract,
  sync: contract,
  callback: contract,
  identity: contract,
  webhooks: contract,
  operations: [...contract, ...siblings],
  http: [...contract, 'callback', 'identity', 'operations'],
  'runtime.ts': contract,
  'account.ts': all,
  roles: [...all, 'http', 'account.ts'],
  'doctor.ts': all,
  'app.ts': [...all, 'account.ts', 'doctor.ts', 'roles'],
  library: [...all, 'account.ts', 'roles'],
  simulator: ['base'],
  // Types alone: it is built for the browser.
  dashboard: ['operations'],
  cli: [...contract, 'operations', 'library', 'account.ts', 'app.ts', 'doctor.ts', 'simulator'],
  'index.ts': [...all, 'library'],
  'pusher.ts': [...outside, 'push', 'library'],
  'simulator.ts': ['simulator'],
}

/** Plain lists of words that the database and the queue derive their types from; they import nothing. */
const vocabulary = ['push/status.ts']

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
const imports = new Map(files.map((file) => [file, importsOf(file)]))

describe('imports run downward only', () => {
  it('every room has its place', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in allowed))).toEqual([])
  })

  it.each(Object.keys(allowed))('%s', (room) => {
    const upward = files
      .filter((file) => roomOf(file) === room)
      .flatMap((file) =>
        (imports.get(file) ?? [])
          .filter((target) => !mayImport(room, target))
          .map((target) => `${file} imports ${target}`),
      )
    expect(upward).toEqual([])
  })

  it('one file alone knows the engines of the database', () => {
    const engines = ['db/sqlite/', 'db/postgres/']
    const known = engines.flatMap((engine) =>
      files
        .filter((file) => !file.startsWith(engine) && file !== 'db/open.ts')
        .filter((file) => imports.get(file)?.some((target) => target.startsWith(engine))),
    )
    expect(known).toEqual([])
  })

  it('the page takes nothing but types from the program', () => {
    const values = files
      .filter((file) => roomOf(file) === 'dashboard')
      .filter((file) => /^(?:import|export) (?!type ).*from '(?:\.\.\/)+operations\//m.test(read(file)))
    expect(values).toEqual([])
  })

  it('the vocabulary stands on its own', () => {
    expect(vocabulary.flatMap((file) => imports.get(file) ?? ['is missing'])).toEqual([])
  })

  it('no file imports itself by a detour', () => {
    expect(findCycle()).toEqual([])
  })
})

function mayImport(room: string, target: string): boolean {
  const other = roomOf(target)
  return other === room || vocabulary.includes(target) || (allowed[room] ?? []).includes(other)
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file
}

function importsOf(file: string): string[] {
  const text = read(file)
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  )
  return specifiers.map((specifier) => relative(src, resolve(src, dirname(file), specifier)))
}

function read(file: string): string {
  return readFileSync(join(src, file), 'utf8')
}

function findCycle(): string[] {
  const done = new Set<string>()
  function visit(file: string, path: string[]): string[] {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    for (const next of imports.get(file) ?? []) {
      const cycle = visit(next, [...path, file])
      if (cycle.length > 0) return cycle
    }
    done.add(file)
    return []
  }
  for (const file of files) {
    const cycle = visit(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}
