import express from 'express'
import { Webhook } from 'standardwebhooks'

const verifier = new Webhook(process.env.WEBHOOK_SECRET)
const newest = new Map() // In your database: the highest seq of each push.

const app = express()
app.post('/webhooks/unionpush', express.text({ type: '*/*', limit: '1mb' }), (request, response) => {
  try {
    verifier.verify(request.body, request.headers)
  } catch {
    return response.sendStatus(401)
  }
  response.sendStatus(204)
  const { type, data } = JSON.parse(request.body)
  for (const { account, id, seq, status, reason } of type === 'pushes.updated' ? data.pushes : []) {
    const key = `${account} ${id}`
    if (seq <= (newest.get(key) ?? 0)) continue // A repetition, or it came late.
    newest.set(key, seq)
    process.stdout.write(`${id} ${status} ${reason ?? ''}\n`)
  }
})
app.listen(process.env.PORT ?? 4000)
