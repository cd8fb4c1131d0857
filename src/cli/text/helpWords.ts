import type { HelpKey } from '../../base/sentences/en/cli/help.ts'
import type { Language } from '../../base/sentences/language.ts'
import { getLanguage } from './phrase.ts'

export interface HelpWords {
  say(key: HelpKey): string
  /** The whole text, with the headings around the descriptions. */
  frame(text: string): string
}

/** The words of `--help` for whoever runs the command. */
export async function loadHelpWords(language: Language = getLanguage()): Promise<HelpWords> {
  if (language === 'en') {
    const { enHelp } = await import('../../base/sentences/en/cli/help.ts')
    return { say: (key) => enHelp[key], frame: (text) => text }
  }
  const { zhHelp, zhHelpFrame } = await import('../../base/sentences/zh/cli/help.ts')
  return {
    say: (key) => zhHelp[key],
    frame: (text) => zhHelpFrame.reduce((told, [english, chinese]) => told.replace(english, chinese), text),
  }
}
