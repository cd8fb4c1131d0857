import { describe, expect, test } from 'vitest'
import { toEnglish } from '../../src/base/sentences/sentence.ts'
import { findPostgresUrlFault, toPostgresAddress, toPostgresPlace } from '../../src/base/urls/postgresUrl.ts'

const server = 'postgres://me:secret@db.example:5433/push'

describe('a PostgreSQL URL', () => {
  test('names server, database and schema; the schema and the demand for TLS have defaults', () => {
    expect(toPostgresAddress(server)).toEqual({ url: server, schema: 'unionpush', sslmode: 'prefer' })
    expect(toPostgresAddress(`${server}?schema=team_1&sslmode=verify-full&sslrootcert=/etc/ca.pem`)).toEqual({
      url: `${server}?sslrootcert=%2Fetc%2Fca.pem`,
      schema: 'team_1',
      sslmode: 'verify-full',
    })
  })

  test('is told to people without user and password', () => {
    expect(toPostgresPlace(toPostgresAddress(server))).toBe(
      'postgres://db.example:5433/push?schema=unionpush',
    )
    expect(toPostgresPlace(toPostgresAddress('postgres:///push?host=/run/postgresql'))).toBe(
      'postgres:///run/postgresql/push?schema=unionpush',
    )
  })

  test.each([
    ['postgres://me:a/b@host/db', /percent-encoded/],
    ['postgres://me:a%zz@host/db', /percent-encoded/],
    ['postgres://one,two/db', /one host/],
    ['postgres://host', /name of a database/],
    ['postgres:///db', /user:password@host/],
    ['postgres://host/db?schema=Team', /\?schema= to be at most 48 of a-z/],
    ['postgres://host/db?schema=pg_mine', /\?schema=/],
    ['postgres://host/db?sslmode=on', /one of disable, allow, prefer/],
    ['postgres://host/db?sslmode=verify-ca', /\?sslrootcert=/],
    ['postgres://host/db?pool=5', /no \?pool=: what can be set is schema/],
  ])('%s is refused with what is expected', (url, expected) => {
    const fault = findPostgresUrlFault(url)
    expect(fault && toEnglish(fault)).toMatch(expected)
  })

  test.each([
    server,
    'postgresql://host/db',
    'postgres://me:%40%2F@[::1]:5432/db?sslmode=disable&application_name=a',
    'postgres:///db?host=/run/postgresql',
  ])('%s is taken', (url) => {
    expect(findPostgresUrlFault(url)).toBeUndefined()
  })
})
