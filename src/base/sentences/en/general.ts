/** Parts of many a sentence. */
export const enGeneral = {
  verbatim: '{text}',
  'list.lines': '{first}\n{rest}',
  'list.comma': ', ',
  'list.separator': '; ',
} as const
