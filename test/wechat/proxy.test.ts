import { describe, expect, test } from 'vitest'
import { findProxy } from '../../src/net/proxy.ts'

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

  test.each([
    ['https://[::1]:8443', '::1'],
    ['https://[::1]:8443', '[::1]'],
    ['https://[::1]:8443', '[::1]:8443'],
    ['https://[::1]:8443', '0:0:0:0:0:0:0:1'],
    ['https://[fd00::7]', 'fd00::/8'],
    ['https://[fd00::7]', '[fd00::]/8'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', 'localhost,10.1.2.3'],
    ['https://10.1.2.3:8443', '10.1.2.3:8443'],
    ['https://10.1.2.3', '0.0.0.0/0'],
    ['https://api.weixin.qq.com', 'weixin.qq.com.'],
    ['https://api.weixin.qq.com.', 'weixin.qq.com'],
  ])('is left out for %s by %s', (base, none) => {
    expect(findProxy(base, { http, https, none })).toBeUndefined()
  })

  test.each([
    ['https://[::1]:8443', '::2'],
    ['https://[::1]:8443', '[::1]:443'],
    ['https://10.1.2.3', '11.0.0.0/8'],
    ['https://10.1.2.3', '10.0.0.0/33'],
    ['https://10.1.2.3', '10.0.0.0/'],
    ['https://10.1.2.3', '2.3'],
    ['https://10.1.2.3', 'fd00::/8'],
    ['https://api.weixin.qq.com', '0.0.0.0/0'],
  ])('stays for %s with %s', (base, none) => {
    expect(findProxy(base, { http, https, none })).toBe(https)
  })
})
