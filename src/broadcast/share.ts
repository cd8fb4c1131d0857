/** `1%` of all, or a number of recipients. */
export type Share = { percent: number } | { count: number }

/** Undefined for something else, or for none and more than all. */
export function parseShare(text: string): Share | undefined {
  const [, figure = '', sign] = /^(\d{1,9}(?:\.\d{1,4})?)(%?)$/.exec(text) ?? []
  const number = Number(figure)
  if (figure === '' || number === 0) return undefined
  if (sign === '%') return number <= 100 ? { percent: number } : undefined
  return Number.isInteger(number) ? { count: number } : undefined
}

/** Rounded up, and no more than there are. */
export function toSize(share: Share, selected: number): number {
  const wanted = 'count' in share ? share.count : Math.ceil((selected * share.percent) / 100 - 1e-9)
  return Math.min(selected, wanted)
}
