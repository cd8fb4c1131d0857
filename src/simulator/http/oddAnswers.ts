import { isObject } from '../../base/isObject.ts'

type Row = Record<string, unknown>

/** The follower list as a page that names nobody and has no cursor. */
export function toEmptyPage(answer: string): string {
  return changePage(answer, ({ total }) => ({ total, count: 0, next_openid: '' }))
}

/** Half of a page, after which the list breaks off. */
export function toCutPage(answer: string): string {
  return changePage(answer, ({ total }, openids) => {
    const some = openids.slice(0, Math.ceil(openids.length / 2))
    return { total, count: some.length, data: { openid: some }, next_openid: '' }
  })
}

/** The page with the cursor it was asked with. */
export function toSameCursor(answer: string, cursor: string): string {
  return changePage(answer, (page) => ({ ...page, next_openid: cursor }))
}

/** The page with an empty openid in front, as WeChat's own sample has it. */
export function toBlankOpenid(answer: string): string {
  return changePage(answer, (page, openids) => ({
    ...page,
    count: openids.length + 1,
    data: { openid: ['', ...openids] },
  }))
}

function changePage(answer: string, change: (page: Row, openids: unknown[]) => Row): string {
  const page: unknown = JSON.parse(answer)
  if (!isObject(page) || !isObject(page.data) || !Array.isArray(page.data.openid)) return answer
  return JSON.stringify(change(page, page.data.openid))
}

export function toReversed(answer: string): string {
  return changeRows(answer, (rows) => rows.toReversed())
}

/** The rows of the wanted person, of everybody without one, as `change` makes them; undefined leaves a row out. */
export function toOddRows(
  answer: string,
  openid: string | undefined,
  change: (row: Row, next: Row | undefined) => Row | undefined,
): string {
  return changeRows(answer, (rows) =>
    rows
      .map((row, n) => (openid === undefined || row.openid === openid ? change(row, rows[n + 1]) : row))
      .filter((row) => row !== undefined),
  )
}

export function toRowWithoutUnionid({ unionid: _, ...rest }: Row): Row {
  return rest
}

export function toStrangerRow({ openid }: Row): Row {
  return { subscribe: 0, openid }
}

export function toShiftedRow(row: Row, next: Row | undefined): Row {
  return next ? { ...row, unionid: next.unionid } : row
}

/** Of a batch, or of the answer of user/info as the only row, which stays when it would be left out. */
function changeRows(answer: string, change: (rows: Row[]) => Row[]): string {
  const parsed: unknown = JSON.parse(answer)
  if (!isObject(parsed)) return answer
  if (Array.isArray(parsed.user_info_list)) {
    return JSON.stringify({ user_info_list: change(parsed.user_info_list) })
  }
  const [only] = 'subscribe' in parsed ? change([parsed]) : []
  return only ? JSON.stringify(only) : answer
}
