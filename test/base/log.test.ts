import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createSerializers } from '../../src/base/log.ts'
import { WechatApiError } from '../../src/wechat/errors.ts'

function logged(err: unknown): string {
  const lines: string[] = []
  const log = pino({ serializers: createSerializers('en') }, { write: (line) => void lines.push(line) })
  log.warn({ err }, 'failed')
  return lines.join('')
}

/** As ioredis has it on what Redis refuses. */
function refused(args: unknown[]): Error {
  return Object.assign(new Error('WRONGPASS'), { name: 'ReplyError', command: { name: 'auth', args } })
}

test('an error says what happened, and nothing of what was sent', () => {
  const line = logged(refused(['user', 'hush']))
  expect(line).toContain('WRONGPASS')
  expect(line).not.toContain('hush')
})

test.each([
  ['its cause', new Error('queue away', { cause: refused(['hush']) })],
  ['one of several', new AggregateError([refused(['hush'])], 'queue away')],
])('neither does %s', (_name, error) => {
  const line = logged(error)
  expect(line).toContain('WRONGPASS')
  expect(line).not.toContain('hush')
})

test('what WeChat answered keeps errcode and rid', () => {
  const error = new WechatApiError({
    path: '/cgi-bin/user/get',
    errcode: 45009,
    errmsg: 'reach max api daily quota limit rid: 12345678-12345678-12345678',
  })
  expect(JSON.parse(logged(error)).err).toMatchObject({
    errcode: 45009,
    rid: '12345678-12345678-12345678',
  })
})

test('what is thrown and is no error is told as it is', () => {
  expect(JSON.parse(logged('no route')).err).toBe('no route')
})
