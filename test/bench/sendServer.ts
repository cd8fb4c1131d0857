import { createServer } from 'node:http'

/** A WeChat that takes every message and looks at none, so that it costs as little as a server can. */
const latency = Number(process.argv[2] ?? 0)
let msgid = 1_226_691_075_109_289_985n

const server = createServer((request, response) => {
  const isSend = request.url?.startsWith('/cgi-bin/message/template/send')
  const answer = () => {
    msgid += 1n
    const text = isSend
      ? `{"errcode":0,"errmsg":"ok","msgid":${msgid}}`
      : '{"access_token":"bench","expires_in":7200}'
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
  }
  request.on('end', () => (latency > 0 && isSend ? setTimeout(answer, latency) : answer())).resume()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.on('disconnect', () => process.exit())
