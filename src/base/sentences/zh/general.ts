/** 许多句子里都会用到的部分。 */
export const zhGeneral = {
  verbatim: '{text}',
  'list.lines': '{first}\n{rest}',
  'list.comma': '，',
  'list.separator': '；',
} as const
