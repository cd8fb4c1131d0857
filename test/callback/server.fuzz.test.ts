import { createCipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { maxBodyBytes } from '../../src/callback/receive.ts'
import { encrypt, signCallback } from '../../src/simulator/callbacks/crypto.ts'
import { type CallbackServer, openCallbackServer } from '../helpers/callbackServer.ts'
import { callbackAccount, eventXml, plainQuery } from '../helpers/seal.ts'

const { appid, token, encodingAesKey } = callbackAccount
let plain: CallbackServer
let safe: CallbackServer

beforeAll(async () => {
  plain = await openCallbackServer()
  safe = await openCallbackServer({ keys: [encodingAesKey] })
})

afterAll(() => Promise.all([plain.close(), safe.close()]))

interface Request {
  method?: string
  path?: string
  contentType?: string
  query: Record<string, string>
  body: string | Buffer
}

/** The status, once the answer is known to tell nothing but itself. */
async function send(
  server: CallbackServer,
  { method = 'POST', path = '', contentType = 'text/xml', ...rest }: Request,
) {
  const { query, body } = rest
  const response = await fetch(`${server.url}/wechat/callback${path}?${new URLSearchParams(query)}`, {
    method,
    headers: { 'content-type': contentType },
    ...(method !== 'GET' && method !== 'HEAD' && { body }),
  })
  const text = await response.text()
  if (response.status !== 200) expect(text).toMatch(/^(refused|\{"error":\{.{1,300}\}\})?$/)
  expect(response.status).toBeLessThan(500)
  return { status: response.status, text }
}

/** As WeChat encrypts a message, but with any bytes in the place of all it encrypts. */
function sealBytes(bytes: Uint8Array) {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('base64')
}

function toSafeRequest(cipherText: string): Request {
  const query = plainQuery()
  const msg_signature = signCallback(token, query.timestamp, query.nonce, cipherText)
  const body = `<xml><Encrypt><![CDATA[${cipherText}]]></Encrypt></xml>`
  return { query: { ...query, encrypt_type: 'aes', msg_signature }, body }
}

const bits = fc.constantFrom(
  ...[
    '<xml>',
    '</xml>',
    '<A>',
    '</A>',
    '<A/>',
    '<![CDATA[',
    ']]>',
    ']]]]><![CDATA[>',
    '<!DOCTYPE x [',
    ']>',
    '<!--',
    '-->',
  ],
  ...[
    '<!ENTITY a "aa">',
    '&a;',
    '&#0;',
    '&#xD800;',
    '&lt;',
    '<?xml version="1.0"?>',
    '<?x',
    '?>',
    ' a="b"',
    '<',
    '>',
    '&',
  ],
  ...[
    '<MsgType>event</MsgType>',
    '<Event>subscribe</Event>',
    '<CreateTime>1</CreateTime>',
    '<__proto__>',
    '</__proto__>',
  ],
  ...[
    '<FromUserName>o</FromUserName>',
    '<MsgID>9</MsgID>',
    '\u0000',
    '\ufeff',
    '订',
    '\ud800',
    'x'.repeat(300),
  ],
)
const markup = fc.array(bits, { maxLength: 40 }).map((list) => list.join(''))
const message = fc.oneof(
  markup,
  markup.map((text) => `<xml>${text}</xml>`),
  fc.string({ unit: 'binary' }),
)

describe('the callback server', () => {
  test('takes or refuses whatever is signed', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (body) => {
        expect([200, 400, 403]).toContain((await send(plain, { query: plainQuery(), body })).status)
        const sealed = toSafeRequest(encrypt(body, appid, encodingAesKey))
        expect([200, 400]).toContain((await send(safe, sealed)).status)
      }),
      { numRuns: 300 },
    )
  })

  test('refuses what was encrypted with its key and is no message of its account, in one and the same way', async () => {
    const blocks = fc.integer({ min: 1, max: 6 }).chain((count) => {
      const length = 16 * count
      return fc.uint8Array({ minLength: length, maxLength: length })
    })
    // Any padding, and any length of the message.
    const nearly = fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(40), fc.nat(255)).map(([length, pad, byte]) => {
      const head = Buffer.alloc(20)
      head.writeUInt32BE(length, 16)
      const bytes = Buffer.concat([head, Buffer.from(`<xml></xml>wx0`), Buffer.alloc(pad, byte)])
      return Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16, byte)])
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(blocks, nearly), async (bytes) => {
        const answer = await send(safe, toSafeRequest(sealBytes(bytes)))
        expect(answer).toEqual({ status: 400, text: 'refused' })
      }),
      { numRuns: 300 },
    )
  })

  test('refuses whatever is not signed, of any method, type and path', async () => {
    const request = fc.record({
      method: fc.constantFrom('POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
      path: fc.oneof(
        fc.constantFrom(
          '',
          '/',
          `/${appid}`,
          '/__proto__',
          '/%00',
          '/%ff',
          '/../../etc/passwd',
          `/${'a'.repeat(200)}`,
        ),
        fc.webPath(),
      ),
      contentType: fc.constantFrom(
        'text/xml',
        'application/json',
        'x',
        'text/xml; charset=\u00ff',
        'multipart/form-data',
      ),
      query: fc.dictionary(
        fc.constantFrom(
          'signature',
          'timestamp',
          'nonce',
          'echostr',
          'encrypt_type',
          'msg_signature',
          '__proto__',
        ),
        fc.string(),
      ),
      body: fc.oneof(
        message,
        fc.json(),
        fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      ),
    })
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        expect((await send(safe, given)).status).toBeGreaterThanOrEqual(400)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['elements in elements', '<a>'.repeat(maxBodyBytes / 3)],
    ['an attribute', `<xml a="${'b'.repeat(maxBodyBytes - 20)}"/>`],
    ['attributes', `<xml ${'a="b" '.repeat(maxBodyBytes / 6 - 5)}/>`],
    ['CDATA sections', `<xml><A>${'<![CDATA[]]>'.repeat(maxBodyBytes / 12 - 5)}</A></xml>`],
    ['open CDATA sections', `<xml>${'<![CDATA['.repeat(maxBodyBytes / 9 - 5)}`],
    ['opening brackets', '<'.repeat(maxBodyBytes)],
    ['spaces', `<xml${' '.repeat(maxBodyBytes - 10)}`],
    ['one name', `<xml><A></A>${'<A></A>'.repeat(maxBodyBytes / 7 - 5)}</xml>`],
    ['names', `<xml>${Array.from({ length: 5_000 }, (_, n) => `<a${n}/>`).join('')}</xml>`],
    ['declarations', '<?xml '.repeat(maxBodyBytes / 6)],
    ['text', `<xml><A>${'x '.repeat(maxBodyBytes / 2 - 20)}</A></xml>`],
    ['entities', `<!DOCTYPE x [${'<!ENTITY a "&a;&a;">'.repeat(3_000)}]><xml>&a;</xml>`],
  ])('reads as much as a body can hold of %s in a moment', async (_, body) => {
    const startedAt = performance.now()
    const { status } = await send(plain, { query: plainQuery(), body })
    expect([200, 400]).toContain(status)
    expect(performance.now() - startedAt).toBeLessThan(2 * second)
  })

  test('still takes a sound message after all of that', async () => {
    const xml = eventXml('subscribe')
    expect(await send(plain, { query: plainQuery(), body: xml })).toEqual({ status: 200, text: 'success' })
    const sealed = toSafeRequest(encrypt(xml, appid, encodingAesKey))
    expect(await send(safe, sealed)).toEqual({ status: 200, text: 'success' })
    expect(JSON.stringify([plain.lines, safe.lines])).not.toMatch(/\bat .{1,200}:\d+:\d+/)
  })
})

test('random bytes of the size of a body are refused', async () => {
  const body = randomBytes(maxBodyBytes)
  expect([400, 413]).toContain((await send(plain, { query: plainQuery(), body })).status)
})
