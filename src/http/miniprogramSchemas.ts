import * as z from 'zod'

const code = z.string().min(1).max(256)

/** What WeChat's client gives when its call fails, for instance because the user says no. */
const failure = z.object({
  errMsg: z.string().regex(/:fail/).describe('of the failed call, such as getPhoneNumber:fail user deny'),
})

export const bodies = {
  code: z.object({ code: code.describe('of wx.login or of the phone button; works once') }),
  /** The result of `wx.getUserInfo` may be sent as it is. */
  userinfo: z
    .object({
      encryptedData: z.string().min(1).max(12_000),
      iv: z.string().min(1).max(128),
      rawData: z.string().max(4_000).optional(),
      signature: z.string().max(64).optional(),
    })
    .refine((info) => (info.rawData === undefined) === (info.signature === undefined), {
      message: 'rawData and signature come together',
    }),
}

/** Why WeChat's client gave no data; undefined when it did. */
export function findFailure(body: unknown): string | undefined {
  return failure.safeParse(body).data?.errMsg
}

/** A user may refuse to share data, and that is an answer like any other. Every other failure is the developer's to mend. */
export function isDenial(errMsg: string): boolean {
  return /:fail.*\b(?:deny|denied|cancel)/i.test(errMsg)
}

const state = {
  unionid: z.enum(['known', 'missing']).describe('whether WeChat has told it yet'),
  following: z.boolean().describe('whether the user follows the service account'),
  ids: z
    .object({ openid: z.string(), unionid: z.string().nullable() })
    .optional()
    .describe('only when the server is configured to expose them'),
}
const expiresAt = z.string().describe('ISO 8601; moves on while the session is in use')
const refusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    errcode: z.number().optional().describe('what WeChat refused with, if it was WeChat'),
    rid: z.string().optional().describe("WeChat's own id of the call"),
  }),
})
const phone = z.string().nullable().describe('null when the user kept it')

/** For the OpenAPI description: how `security` of the schemas below is meant. */
export const securitySchemes = { session: { type: 'http', scheme: 'bearer' } } as const

const withSession = { tags: ['mini-program'], security: [{ session: [] }] }

const refusalMeanings = {
  400: 'the code or the data are of no use',
  401: 'no live session',
  403: 'WeChat refuses this user',
  409: 'the code was already used',
  422: "WeChat's client failed for another reason than the user's no",
  429: 'too many requests; Retry-After says when to come again',
  503: 'WeChat is busy or cannot be reached',
} as const

/** The routes' schemas, for the OpenAPI description; no answer holds more than what stands here. */
export const schemas = {
  login: {
    tags: withSession.tags,
    summary: 'Open a session with a code of wx.login',
    body: toJsonSchema(bodies.code),
    response: {
      200: answer('the new session', { token: z.string(), expiresAt, ...state }),
      ...refusals(400, 403, 409, 429, 503),
    },
  },
  userinfo: {
    ...withSession,
    summary: 'Learn the unionid from the result of wx.getUserInfo, also one in which the user refused',
    body: toJsonSchema(z.union([bodies.userinfo, failure])),
    response: { 200: answer('what is known now', state), ...refusals(400, 401, 422, 429) },
  },
  phone: {
    ...withSession,
    summary: 'Redeem the result of the phone button, also one in which the user refused',
    body: toJsonSchema(z.union([bodies.code, failure])),
    response: {
      200: answer('the number', { phoneNumber: phone, purePhoneNumber: phone, countryCode: phone }),
      ...refusals(400, 401, 409, 422, 429, 503),
    },
  },
  session: {
    ...withSession,
    summary: 'Whether the session is alive',
    response: { 200: answer('it is', { expiresAt, ...state }), ...refusals(401) },
  },
  logout: {
    ...withSession,
    summary: 'End the session',
    response: { 204: { type: 'null', description: 'the session is over' } },
  },
} as const

function refusals(...statuses: (keyof typeof refusalMeanings)[]) {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: refusalMeanings[status], ...toJsonSchema(refusal) }]),
  )
}

function answer(description: string, shape: z.ZodRawShape) {
  return { description, ...toJsonSchema(z.object(shape)) }
}

function toJsonSchema(schema: z.ZodType) {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' })
}
