import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { openidAt, toInfoJson } from './followerData.ts'

/** user/get, batchget and a token, as fast as one process can; arguments: number of followers, latency in ms. */
const [followers = 0, latency = 0] = process.argv.slice(2).map(Number)
const pageSize = 10_000
const calls = { pages: 0, batches: 0 }
const pages = new Map<string, Buffer>()
for (let start = 0; start < followers; start += pageSize) {
  const openids = Array.from({ length: Math.min(pageSize, followers - start) }, (_, n) => openidAt(start + n))
  const body = {
    total: followers,
    count: openids.length,
    data: { openid: openids },
    next_openid: openids.at(-1),
  }
  pages.set(start === 0 ? '' : openidAt(start - 1), Buffer.from(JSON.stringify(body)))
}
const lastPage = JSON.stringify({ total: followers, count: 0, next_openid: '' })

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '', 'http://server')
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  if (latency > 0) await sleep(latency)
  response.setHeader('Content-Type', 'application/json')
  response.end(answer(url, body))
})

function answer(url: URL, body: string): string | Buffer {
  switch (url.pathname) {
    case '/cgi-bin/stable_token':
      return '{"access_token":"bench","expires_in":7200}'
    case '/cgi-bin/user/get':
      calls.pages += 1
      return pages.get(url.searchParams.get('next_openid') ?? '') ?? lastPage
    case '/cgi-bin/user/info/batchget': {
      calls.batches += 1
      const { user_list: users }: { user_list: { openid: string }[] } = JSON.parse(body)
      return `{"user_info_list":[${users.map(({ openid }) => toInfoJson(openid)).join(',')}]}`
    }
    default:
      return JSON.stringify(calls)
  }
}

server.listen(0, '127.0.0.1', () => {
  const address: AddressInfo | string | null = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('disconnect', () => process.exit())
