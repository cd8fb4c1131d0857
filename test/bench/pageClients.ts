/** Pages that show the overview: each follows the events, and asks again as often as the page does while something changes. */
const [url = '', key = '', total = '0'] = process.argv.slice(2)
const headers = { authorization: `Bearer ${key}` }

const asked: [path: string, seconds: number][] = [
  ['/v1/outcomes?bucket=minute&since=', 2],
  ['/v1/overview', 5],
]

async function openPage(): Promise<void> {
  const { body } = await fetch(`${url}/v1/events`, { headers })
  void follow(body)
}

async function follow(body: Response['body']): Promise<void> {
  const last = new Map<string, number>()
  for await (const _ of body ?? []) {
    for (const [path, seconds] of asked) {
      if (Date.now() - (last.get(path) ?? 0) < seconds * 1_000) continue
      last.set(path, Date.now())
      const since = path.endsWith('=')
        ? new Date(Math.floor(Date.now() / 60_000 - 60) * 60_000).toISOString()
        : ''
      void fetch(`${url}${path}${since}`, { headers }).then((answer) => answer.text())
    }
  }
}

process.on('disconnect', () => process.exit())
for (let n = 0; n < Number(total); n += 1) await openPage()
process.send?.('open')
