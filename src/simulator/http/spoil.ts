import type { ServerResponse } from 'node:http'
import { every } from '../../base/every.ts'
import type { Fault, NamedFaultAction } from '../control/fault.ts'
import { type Call, toText } from '../platform/answers.ts'
import {
  toBlankOpenid,
  toCutPage,
  toEmptyPage,
  toOddRows,
  toReversed,
  toRowWithoutUnionid,
  toSameCursor,
  toShiftedRow,
  toStrangerRow,
} from './oddAnswers.ts'

/** An answer as it leaves a healthy server. WeChat announces JSON for cgi-bin and plain text elsewhere. */
export function deliver(
  response: ServerResponse,
  answer: string | Buffer,
  date: string,
  isJson: boolean,
): void {
  response.writeHead(200, [
    'Content-Type',
    isJson ? 'application/json; encoding=utf-8' : 'text/plain',
    'Content-Length',
    String(Buffer.byteLength(answer)),
    'Date',
    date,
  ])
  response.end(answer)
}

interface Spoiling {
  fault: Fault
  call: Call
  response: ServerResponse
  /** Handles the call and returns its real answer. */
  handle: () => string | Buffer
  /** Delivers an answer the normal way. */
  answer: (answer: string | Buffer) => void
  /** The answer to a scripted errcode. */
  refuse: (errcode: number, errmsg: string | undefined) => string
}

const gatewayPage =
  '<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>'
const busyPage = '<!DOCTYPE html><html><head><title>微信公众平台</title></head><body>系统繁忙</body></html>'
const garbage = Buffer.from([0x1f, 0x8b, 0x08, 0xff, 0x00, 0x7b, 0xfe, 0x22, 0x80, 0x0a])
const usualDripMs = 100
/** WeChat delivers such a message later, under a msgid it has told nobody. */
const heldForReview = 40252

/** Carries a fault out; whether the call takes effect is part of the fault. */
export function spoil(spoiling: Spoiling): void {
  const { fault, response, handle, answer, refuse } = spoiling
  const { action } = fault
  if (typeof action === 'string') spoilers[action](spoiling)
  else if ('errcode' in action) {
    if (fault.accepted ?? action.errcode === heldForReview) handle()
    answer(refuse(action.errcode, action.errmsg))
  } else if ('delayMs' in action) {
    const timer = setTimeout(answer, action.delayMs, handle())
    response.once('close', () => clearTimeout(timer))
  } else {
    if (fault.accepted) handle()
    response.writeHead(action.status, { 'Content-Type': 'text/html' })
    response.end(action.body ?? gatewayPage)
  }
}

const spoilers: Record<NamedFaultAction, (spoiling: Spoiling) => void> = {
  reset_before: ({ response }) => reset(response),
  reset_after({ response, handle }) {
    handle()
    reset(response)
  },
  reset_midway({ response, handle }) {
    const whole = Buffer.from(handle())
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': whole.length })
    response.write(whole.subarray(0, whole.length / 2), () => reset(response))
  },
  truncated({ response, handle }) {
    const whole = Buffer.from(handle())
    respond(response, 'application/json', whole.subarray(0, whole.length / 2))
  },
  drip: ({ fault, response, handle }) => drip(response, Buffer.from(handle()), fault.everyMs ?? usualDripMs),
  errcode_text: ({ handle, answer }) => answer(withErrcodeText(handle().toString())),
  empty_page: ({ handle, answer }) => answer(toEmptyPage(handle().toString())),
  cut_page: ({ handle, answer }) => answer(toCutPage(handle().toString())),
  same_cursor: ({ call, handle, answer }) =>
    answer(toSameCursor(handle().toString(), toText(call.query.next_openid) ?? '')),
  blank_openid: ({ handle, answer }) => answer(toBlankOpenid(handle().toString())),
  reversed: ({ handle, answer }) => answer(toReversed(handle().toString())),
  without_unionid: (spoiling) => answerOddRows(spoiling, toRowWithoutUnionid),
  not_following: (spoiling) => answerOddRows(spoiling, toStrangerRow),
  empty_rows: (spoiling) => answerOddRows(spoiling, () => ({})),
  missing_rows: (spoiling) => answerOddRows(spoiling, () => undefined),
  shifted_unionids: (spoiling) => answerOddRows(spoiling, toShiftedRow),
  html({ fault, response, handle }) {
    if (fault.accepted) handle()
    respond(response, 'text/html; charset=utf-8', busyPage)
  },
  garbage({ fault, response, handle }) {
    if (fault.accepted) handle()
    respond(response, 'application/json', garbage)
  },
  empty({ fault, response, handle }) {
    if (fault.accepted) handle()
    respond(response, 'application/json', '')
  },
  hang({ fault, handle }) {
    if (fault.accepted) handle()
  },
  endless({ fault, response, handle }) {
    if (fault.accepted) handle()
    pourEndlessly(response)
  },
}

function answerOddRows({ fault, handle, answer }: Spoiling, change: Parameters<typeof toOddRows>[2]): void {
  answer(toOddRows(handle().toString(), fault.match?.openid, change))
}

function respond(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'Content-Type': type })
  response.end(body)
}

/** A reset, not a polite end: the client sees ECONNRESET. */
function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** The length is announced, so a client that waits for the whole body waits long. */
function drip(response: ServerResponse, whole: Buffer, everyMs: number): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': whole.length })
  let sent = 0
  const drop = () => {
    response.write(whole.subarray(sent, ++sent))
    if (sent === whole.length) response.end()
  }
  response.once('close', every(everyMs, drop))
}

/** As fast as the client reads, until it hangs up. */
function pourEndlessly(response: ServerResponse): void {
  const block = Buffer.alloc(65_536, ' ')
  const pour = () => {
    while (!response.destroyed && response.write(block)) {}
  }
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.write('{"errcode":0,')
  response.on('drain', pour)
  pour()
}

function withErrcodeText(answer: string): string {
  return answer.includes('"errcode":')
    ? answer.replace(/"errcode":(-?\d+)/, '"errcode":"$1"')
    : answer.replace('{', '{"errcode":"0",')
}
