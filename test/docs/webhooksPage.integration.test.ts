import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { toSignatureHeaders } from '../../src/webhooks/signature.ts'
import { makeDir } from '../helpers/pushing.ts'

const run = promisify(execFile)
const body = '{"type":"pushes.updated","data":{"text":"订单"}}'

/** Command and file, which get secret, headers and body as JSON in one argument and print whether they fit. */
const programs = {
  js: [
    'node',
    'verify.mjs',
    (code: string) =>
      `${code}\nconst [secret, headers, body] = JSON.parse(process.argv[2])\nconsole.log(verify(secret, headers, body))\n`,
  ],
  python: [
    'python3',
    'verify.py',
    (code: string) => `${code}\nimport json, sys\nprint(str(verify(*json.loads(sys.argv[1]))).lower())\n`,
  ],
} as const

describe.each(['en', 'zh'] as const)('the page on webhooks in %s', (language) => {
  test.each(Object.entries(programs))(
    'verifies in %s without a library',
    async (name, [command, file, complete]) => {
      const page = await readFile(new URL(`../../docs/${language}/webhooks.md`, import.meta.url), 'utf8')
      const code = new RegExp(`\`\`\`${name}\n([^]*?)\`\`\``).exec(page)?.[1] ?? ''
      expect(code).toContain('verify')
      const path = join(await makeDir(), file)
      await writeFile(path, complete(code))
      const [key, other] = [randomBytes(32), randomBytes(32)]
      const secret = `whsec_${key.toString('base64')}`
      const message = { id: 'msg_1', body }
      const verify = async (headers: Record<string, string>, text = body) =>
        (await run(command, [path, JSON.stringify([secret, headers, text])])).stdout.trim()
      const now = Date.now()
      expect(
        await Promise.all([
          verify(toSignatureHeaders(message, [key], now)),
          verify(toSignatureHeaders(message, [other, key], now)),
          verify(toSignatureHeaders(message, [other], now)),
          verify(toSignatureHeaders(message, [key], now), `${body} `),
          verify(toSignatureHeaders(message, [key], now - 600_000)),
        ]),
      ).toEqual(['true', 'true', 'false', 'false', 'false'])
    },
  )
})
