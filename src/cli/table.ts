import stringWidth from 'string-width'

/**
 * Decoration is plain ASCII everywhere: box drawing, ellipses and block elements are of "ambiguous width",
 * two columns wide in terminals with a Chinese locale.
 */

interface Column {
  title: string
  align?: 'right'
}

/** Aligned columns with a line under the titles; widths are those of the terminal, where a Chinese character takes two. */
export function renderTable(columns: Column[], rows: string[][]): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[i] ?? ''))),
  )
  const toLine = (cells: string[]) =>
    columns
      .map(({ align }, i) => pad(cells[i] ?? '', widths[i] ?? 0, align))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [toLine(columns.map(({ title }) => title)), rule, ...rows.map(toLine)].join('\n')
}

/** `name  value` lines; a value of several lines is indented under its first. */
export function renderFields(fields: [name: string, value: string][]): string {
  const width = Math.max(...fields.map(([name]) => stringWidth(name)))
  const indent = ' '.repeat(width + 2)
  return fields
    .map(([name, value]) => `${pad(name, width)}  ${value.replaceAll('\n', `\n${indent}`)}`)
    .join('\n')
}

export function pad(text: string, width: number, align?: 'right'): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return align === 'right' ? space + text : text + space
}

/** As much of the text as fits into the width of a terminal. */
export function cut(text: string, width: number): string {
  const characters = [...text]
  while (stringWidth(characters.join('')) > width) characters.pop()
  return characters.join('')
}
