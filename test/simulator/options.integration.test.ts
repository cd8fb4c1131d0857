import { once } from 'node:events'
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

test.each<[string, SimulatorOptions, string]>([
  ['a port', { port: 70_000 }, 'port: expected at most 65535'],
  ['a share', { withoutUnionid: 2 }, 'withoutUnionid: expected a number from 0 to 1'],
  ['a quota', { quotas: { token: -1 } }, 'quotas.token: expected a whole number from 0'],
  ['an address', { ipWhitelist: ['10.0.0.0/33'] }, 'ipWhitelist.0: expected an IP address, or a CIDR range'],
  ['a callback', { callback: { url: 'nowhere', token: 't' } }, 'callback.url: expected an http or https URL'],
  ['two', { followers: -1, pageSize: 0 }, 'followers: expected a whole number from 0; pageSize: expected'],
])('%s that cannot be meant is refused with its name and what was expected', async (_, options, sentence) => {
  await expect(createSimulator(options)).rejects.toThrow(TypeError)
  await expect(createSimulator(options)).rejects.toThrow(sentence)
})

test('an option nobody knows is refused with those there are', async () => {
  const options = { followers: 1, follower: 5 }
  await expect(createSimulator(options)).rejects.toThrow(
    /^unknown field follower: expected one of port, .*followers/,
  )
})

test('an option that is undefined has its default', async () => {
  const { simulator } = await startSimulator({ followers: undefined, templates: [{ title: undefined }] })
  expect(simulator.templates).toMatchObject([{ title: '通知', templateId: expect.stringMatching(/^.{43}$/) }])
})

test('the whitelist takes addresses and ranges of both kinds', async () => {
  const open = await startSimulator({ ipWhitelist: ['2001:db8::/32', '127.0.0.0/8'] })
  expect((await open.wechat.fetchStable()).json.errcode).toBeUndefined()
  const closed = await startSimulator({ ipWhitelist: ['10.1.2.0/24', '::1'] })
  expect((await closed.wechat.fetchStable()).json.errcode).toBe(40164)
})

test('the whitelist binds the calls of the account, and of the mini-program only those by AppSecret', async () => {
  const { simulator, wechat } = await startSimulator({ ipWhitelist: ['127.0.0.1'] })
  const { miniprogram } = simulator
  const path = '/cgi-bin/get_api_domain_ip?access_token='
  const elsewhere = (token: string) => getFrom('127.0.0.2', `${simulator.base}${path}${token}`)
  const token = await wechat.getToken()
  expect((await wechat.get('/cgi-bin/get_api_domain_ip', { access_token: token })).json).toHaveProperty(
    'ip_list',
  )
  expect(await elsewhere(token)).toContain('"errcode":40164,"errmsg":"invalid ip 127.0.0.2 ipv6')
  expect(await elsewhere(await wechat.getToken(miniprogram))).toContain('ip_list')
  const { appid, secret } = miniprogram
  const query = new URLSearchParams({ grant_type: 'client_credential', appid, secret })
  expect(await getFrom('127.0.0.2', `${simulator.base}/cgi-bin/token?${query}`)).toContain('40164')
})

async function getFrom(localAddress: string, url: string): Promise<string> {
  const request = get(url, { localAddress })
  const [response] = await once(request, 'response')
  return text(response)
}
