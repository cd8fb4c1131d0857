import { expect, test } from 'vitest'
import { en } from '../../src/base/sentences/en/en.ts'
import { toLanguage } from '../../src/base/sentences/language.ts'
import { catalogues, render } from '../../src/base/sentences/render.ts'
import { say, type Wording } from '../../src/base/sentences/sentence.ts'
import { frameTexts } from '../../src/dashboard/text/frame.ts'
import { viewTexts } from '../../src/dashboard/text/views.ts'

const keys = Object.keys(en)

test('both catalogues have the same sentences, with advice for the same', () => {
  expect(keys.length).toBeGreaterThan(100)
  expect(Object.keys(catalogues.zh).sort()).toEqual([...keys].sort())
  const toShape = (wordings: Record<string, Wording>) => keys.map((key) => [key, typeof wordings[key]])
  expect(toShape(catalogues.zh)).toEqual(toShape(catalogues.en))
})

test('a sentence uses the same facts in both languages', () => {
  const toFacts = (wordings: Record<string, Wording>) =>
    keys.map((key) => {
      const names = [
        ...[wordings[key]]
          .flat()
          .join(' ')
          .matchAll(/\{(\w+)[:}]/g),
      ].map(([, name]) => name)
      return [key, [...new Set(names)].sort()]
    })
  expect(toFacts(catalogues.zh)).toEqual(toFacts(catalogues.en))
})

test('what is counted is a singular where it is one', () => {
  const counted =
    /\{(?!account|template)\w+\} (?:template |more )?(?:bytes|calls|cells|characters|days|duplicates|followers|lines|logins|messages|pages|people|problems|pushes|recipients|requests|rows|sends|templates|times|tokens|tries|users|workers)\b/
  const page = Object.entries({ ...frameTexts, ...viewTexts }).flatMap(([key, [english]]) =>
    english.includes('|') ? [] : [[key, english] as const],
  )
  const many = [...Object.entries<Wording>(en), ...page].filter(([, wording]) =>
    counted.test([wording].flat().join(' ')),
  )
  // Where it is never one.
  const neverOne = ['count.followersOrMore', 'time.days', 'verdict.many', 'verdict.many_today', 'story.tried']
  expect(many.map(([key]) => key)).toEqual(neverOne)
})

test.each([
  [say('rate.low', { rate: '1' }), 'only 1 send a second: WeChat says that it is too much'],
  [say('rate.low', { rate: '0.5' }), 'only 0.5 sends a second: WeChat says that it is too much'],
  [
    say('http.batch_refused', { problems: 1 }),
    'nothing was queued, because not all of the batch can be: 1 problem',
  ],
  [say('broadcast.inFlight', { count: 1 }), '1 send under way ends as it ends'],
  [say('broadcast.inFlight', { count: 2_000 }), '2,000 sends under way end as they end'],
  [say('failed.some', { count: 1 }), '1 push failed. Send it again: unionpush failed retry'],
])('%o is %s', (sentence, text) => {
  expect(render(sentence, 'en').seen).toBe(text)
})

test('the Chinese ones are in Chinese', () => {
  const wordings: Record<string, Wording> = catalogues.zh
  const foreign = keys.filter((key) => {
    const words = [wordings[key]].flat().join(' ')
    // Some are a version and a place, and nothing else.
    return !/\p{Script=Han}/u.test(words) && /[a-z]{3}/i.test(words.replaceAll(/\{\w+\}/g, ''))
  })
  expect(foreign).toEqual([])
})

test('what several accounts have in their file is named as it is there too', () => {
  const single = /WECHAT_(APPID|SECRET|MINIPROGRAM|CALLBACK|ENCODING)|SYNC_CRON|PUSH_RATE/
  // What is expected of a variable is only said where there is no file.
  const advice = keys.filter((key) => !key.startsWith('expected.'))
  for (const wordings of [catalogues.en, catalogues.zh] as Record<string, Wording>[]) {
    const texts = advice.flatMap((key) => wordings[key] ?? []).filter((text) => single.test(text))
    expect(texts.length).toBeGreaterThan(5)
    expect(texts.filter((text) => !text.includes('ACCOUNTS_FILE'))).toEqual([])
  }
})

test('facts, and sentences among them, are put in in the language of the reader', () => {
  const told = say('permissions.refused', {
    api: say('api.templates'),
    why: say('errcode.48001', { numbers: 'errcode 48001' }),
  })
  expect(render(told, 'en').seen).toBe(
    'list of templates: this account may not call this API (errcode 48001)',
  )
  expect(render(told, 'zh').seen).toBe('模板列表：账号没有这个接口的权限（errcode 48001）')
  expect(render(say('receipts.ok', { pushes: 12_345, told: 3 }), 'en')).toEqual({
    seen: 'there is a receipt for 3 of 12,345 pushes of the last day',
    advice: null,
  })
})

test.each([
  [{}, 'en'],
  [{ UNIONPUSH_LANG: 'zh', LC_ALL: 'en_US.UTF-8' }, 'zh'],
  [{ UNIONPUSH_LANG: 'en', LANG: 'zh_CN.UTF-8' }, 'en'],
  [{ UNIONPUSH_LANG: '', LANG: 'zh_CN.UTF-8' }, 'zh'],
  [{ LANG: 'zh' }, 'zh'],
  [{ LANG: 'zh_TW.UTF-8', LC_MESSAGES: 'en_GB.UTF-8' }, 'en'],
  [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' }, 'zh'],
  [{ LC_ALL: 'C', LC_MESSAGES: 'zh_CN.UTF-8' }, 'en'],
  [{ LC_ALL: '', LC_MESSAGES: 'zh_CN.UTF-8' }, 'zh'],
  [{ LANG: 'zha_CN' }, 'en'],
  [{ LANG: 'de_DE' }, 'en'],
] as const)('the language of %o is %s', (env, language) => {
  expect(toLanguage(env)).toBe(language)
})
