import { describe, expect, test } from 'vitest'
import { findProxy } from '../../src/wechat/proxy.ts'

const http = 'http://plain:8080'
const https = 'http://secure:8080'

describe('the proxy of a base URL', () => {
  test('is that of its scheme', () => {
    expect(findProxy('https://api.weixin.qq.com', { http, https, none: undefined })).toBe(https)
    expect(findProxy('http://localhost:3000', { http, https, none: undefined })).toBe(http)
    expect(
      findProxy('https://api.weixin.qq.com', { http, https: undefined, none: undefined }),
    ).toBeUndefined()
    expect(findProxy('https://api.weixin.qq.com', { http, https: '', none: undefined })).toBeUndefined()
  })

  test.each([
    '*',
    'api.weixin.qq.com',
    'API.weixin.qq.com',
    'qq.com',
    '.qq.com',
    '*.qq.com',
    'localhost, api.weixin.qq.com',
    'localhost api.weixin.qq.com',
    'api.weixin.qq.com:443',
  ])('is left out by %s', (none) => {
    expect(findProxy('https://api.weixin.qq.com', { http, https, none })).toBeUndefined()
  })

  test.each(['', 'localhost', 'q.com', 'weixin.qq.com.cn', 'api.weixin.qq.com:8443'])(
    'stays with %j',
    (none) => {
      expect(findProxy('https://api.weixin.qq.com', { http, https, none })).toBe(https)
    },
  )
})
