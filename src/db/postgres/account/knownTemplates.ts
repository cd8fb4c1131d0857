import type { QueryResultRow } from 'pg'
import type { PostgresAddress } from '../../../base/urls/postgresUrl.ts'
import type { TemplateRow } from '../../templates.ts'
import { negotiate } from '../engine/connect.ts'
import { createConnections } from '../engine/connections.ts'
import { quote } from '../engine/migrate.ts'
import { createTemplates } from './templates.ts'

/** Of a schema as it is. */
export async function listTemplatesOfSchema(address: PostgresAddress, appid: string): Promise<TemplateRow[]> {
  const settings = `set search_path to ${quote(address.schema)}; set default_transaction_read_only to on`
  const connections = createConnections(await negotiate(address), { max: 1, settings, onEnd: () => {} })
  const query = <Row extends QueryResultRow>(sql: string, params: readonly unknown[] = []) =>
    connections.use(async (session) => (await session.query<Row>({ sql, params })).rows)
  const write = () => Promise.reject(new Error('read only'))
  const same = <Time>(time: Time) => time
  try {
    return await createTemplates({ query, write, clock: { toServer: same, fromServer: same } }, appid).list()
  } finally {
    await connections.close()
  }
}
