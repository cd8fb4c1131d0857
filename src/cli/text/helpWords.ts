import type { Language } from '../../base/sentences/language.ts'
import { getLanguage } from './phrase.ts'

export interface HelpWords {
  /** A description, as it stands beside its command in English. */
  say(english: string): string
  /** The whole text, with the headings around the descriptions. */
  frame(text: string): string
}

/** The words of `--help` for whoever runs the command. */
export async function loadHelpWords(language: Language = getLanguage()): Promise<HelpWords> {
  if (language === 'en') return { say: (english) => english, frame: (text) => text }
  const { zhHelp, zhHelpFrame } = await import('../../base/sentences/zh/cli/help.ts')
  return {
    say: (english) => zhHelp[english] ?? english,
    frame: (text) => zhHelpFrame.reduce((told, [english, chinese]) => told.replace(english, chinese), text),
  }
}
