import { type Language, languages } from '../../base/sentences/language.ts'

/** The language of the sentences in an answer: which of Chinese and English `Accept-Language` likes more, else English. */
export function toAcceptedLanguage(header: string | undefined): Language {
  let chosen: { language: Language; quality: number } = { language: 'en', quality: 0 }
  for (const range of (header ?? '').slice(0, 1_000).split(',')) {
    const [tag = '', ...parameters] = range.trim().split(';')
    const [primary] = tag.trim().toLowerCase().split('-')
    const language = languages.find((known) => known === primary)
    const quality = toQuality(parameters)
    if (language && quality > chosen.quality) chosen = { language, quality }
  }
  return chosen.language
}

function toQuality(parameters: readonly string[]): number {
  const given = parameters.map((text) => /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(text)?.[1]).find(Boolean)
  return given === undefined ? 1 : Math.min(1, Number.parseFloat(given) || 0)
}
