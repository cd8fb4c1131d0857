import type { ProxyConfig } from '../../base/config.ts'
import { second } from '../../base/duration.ts'
import { isObject } from '../../base/isObject.ts'
import type { Fact } from '../../base/sentences/sentence.ts'
import { findProxy } from '../../net/proxy.ts'
import { decompress, parseJson } from '../../wechat/answer.ts'
import { WechatNetworkError } from '../../wechat/errors.ts'
import type { Transport } from '../../wechat/transport/transport.ts'
import type { BaseAnswer } from './subjects.ts'

/** WeChat answers it without a token too: with an errcode, and its clock. */
const path = '/cgi-bin/get_api_domain_ip'
const shownPage = 80

interface AskBasesDeps {
  transport: Pick<Transport, 'send'>
  bases: readonly string[]
  proxy: ProxyConfig
}

/** What comes back from each base URL, whoever it comes from. */
export function askBases({ transport, bases, proxy }: AskBasesDeps): Promise<BaseAnswer[]> {
  return Promise.all(
    bases.map(async (base) => ({
      base,
      proxy: findProxy(base, proxy),
      answer: await askBase(transport, base),
    })),
  )
}

async function askBase(transport: Pick<Transport, 'send'>, base: string): Promise<BaseAnswer['answer']> {
  const askedAt = Date.now()
  try {
    const raw = await transport.send({
      method: 'GET',
      base,
      path,
      query: '',
      body: undefined,
      signal: undefined,
    })
    const answeredAt = Date.now()
    const { body } = raw.encoding === undefined ? raw : await decompress(path, raw, raw.encoding)
    const text = body.toString()
    return {
      status: raw.status,
      page: isObject(parseJson(text)) ? undefined : toStart(text),
      ahead: toAhead(raw.date, (askedAt + answeredAt) / 2),
    }
  } catch (error) {
    if (error instanceof WechatNetworkError) return { why: error.detail }
    throw error
  }
}

/** The header has whole seconds, so on average the time was half a second later. */
function toAhead(date: string | undefined, at: number): number | undefined {
  const told = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(told) ? undefined : told + second / 2 - at
}

/** The words of a page, without what only a browser reads. */
function toStart(text: string): string {
  const words = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  return words.length > shownPage ? `${words.slice(0, shownPage)}...` : words
}

/** Whether somebody listens there: a GET, which posts nothing. */
export async function askUrl(
  transport: Pick<Transport, 'send'>,
  url: string,
): Promise<{ status: number } | { why: Fact }> {
  const { origin: base, pathname, search: query } = new URL(url)
  try {
    const { status } = await transport.send({
      method: 'GET',
      base,
      path: pathname,
      query,
      body: undefined,
      signal: undefined,
    })
    return { status }
  } catch (error) {
    if (error instanceof WechatNetworkError) return { why: error.detail }
    throw error
  }
}
