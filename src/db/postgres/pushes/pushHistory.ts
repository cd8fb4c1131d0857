import type { PushStatus } from '../../../push/status.ts'
import type { PushFilter, PushRow, PushRows } from '../../pushes.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { createPushTimes } from './pushTimes.ts'
import { pushes } from './tables.ts'

const pageSize = 500
const pushColumns = selectList(pushes)

/** The pushes of one account, newest first, page by page. */
export function createPushHistory(
  { query, clock }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Pick<PushRows, 'history' | 'countPushes'> {
  const times = createPushTimes(clock)
  return { history, countPushes }

  async function* history(filter: PushFilter = {}): AsyncGenerator<PushRow> {
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    let last: PushRow | undefined
    do {
      const page = await selectPage(filter, last, Math.min(left, pageSize))
      yield* page.map(times.fromStored)
      left -= page.length
      last = page.length === pageSize ? page.at(-1) : undefined
    } while (last !== undefined && left > 0)
  }

  async function countPushes(filter: PushFilter): Promise<number> {
    const params: unknown[] = [appid]
    const conditions = toConditions(filter, (value) => `$${params.push(value)}`)
    const sql = `select count(*)::int as total from pushes
where ${conditions.join(' and ')} and reason is distinct from 'invalid_job'`
    const [row] = await query<{ total: number }>(sql, params)
    return row?.total ?? 0
  }

  async function selectPage(
    filter: PushFilter,
    last: PushRow | undefined,
    limit: number,
  ): Promise<PushRow[]> {
    const params: unknown[] = [appid]
    const place = (value: unknown) => `$${params.push(value)}`
    const conditions = toConditions(filter, place)
    if (last !== undefined)
      conditions.push(`(created_at, id) < (${place(last.createdAt)}, ${place(last.id)})`)
    const sql = `select ${pushColumns} from pushes where ${conditions.join(' and ')}
order by created_at desc, id desc limit ${place(limit)}`
    return query<PushRow>(sql, params)
  }
}

function toConditions(
  { unionid, openid, msgid, status, templateId, reason, since, until, after }: PushFilter,
  place: (value: unknown) => string,
): string[] {
  return [
    'appid = $1',
    unionid === undefined ? [] : `unionid = ${place(unionid)}`,
    openid === undefined ? [] : `openid = ${place(openid)}`,
    openid === undefined || unionid !== undefined || msgid !== undefined ? [] : 'unionid is null',
    msgid === undefined ? [] : `msgid = ${place(msgid)}`,
    status === undefined ? [] : `status = ${place(status)} and ${partOfStatus(status)}`,
    templateId === undefined ? [] : `template_id = ${place(templateId)}`,
    reason === undefined ? [] : `reason = ${place(reason)}`,
    since === undefined ? [] : `created_at >= ${place(since)}`,
    until === undefined ? [] : `created_at < ${place(until)}`,
    after === undefined
      ? []
      : `(created_at, id) ${after.isIncluded ? '<=' : '<'} (${place(after.createdAt)}, ${place(after.id)})`,
  ].flat()
}

/** As in the indexes, which leave out what is only under way: those are found among the few that are. */
function partOfStatus(status: PushStatus): string {
  return status === 'sending'
    ? `finished_at is null and reason is distinct from 'hold'`
    : '(finished_at is not null or reason is not null)'
}
