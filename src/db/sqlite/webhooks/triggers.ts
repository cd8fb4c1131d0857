export const toldColumns = 'type, appid, key, data, created_at, sent_at, finished_at, at'

/** The record of a push as it is told, for these columns. `row` is `new.` in a trigger, and nothing in a query. */
export function toPushChange(row: '' | 'new.'): string {
  const columns = {
    id: 'id',
    appid: 'appid',
    unionid: 'unionid',
    openid: 'openid',
    templateId: 'template_id',
    status: 'status',
    reason: 'reason',
    detail: 'detail',
  }
  const outcome = {
    msgid: 'msgid',
    errcode: 'errcode',
    errmsg: 'errmsg',
    rid: 'rid',
    attempts: 'attempts',
    seq: 'seq',
  }
  const next = (key: string) => `json_extract(${row}message, '$.next[0].${key}')`
  const data = [
    toMembers(columns, row),
    `'next', CASE WHEN ${row}reason = 'handed_over' THEN coalesce(${next('name')}, ${next('appid')}) END`,
    `'broadcast', NULL`,
    toMembers(outcome, row),
  ].join(', ')
  return `'pushes.updated', ${row}appid, ${row}id, json_object(${data}), ${row}created_at, ${row}sent_at, ${row}finished_at, coalesce(${row}finished_at, ${row}created_at)`
}

/** That of a recipient, where its broadcast is in `broadcasts`. */
export function toRecipientChange(row: 'new' | 'r'): string {
  const recipientId = `id || ':' || iif(${row}.is_by_unionid, ${row}.unionid, ${row}.openid)`
  return `'pushes.updated', appid, ${recipientId},
json_object('id', ${recipientId}, 'appid', appid, 'unionid', ${row}.unionid, 'openid', ${row}.openid, 'templateId', template_id, 'status', ${row}.status,
'reason', ${row}.reason, 'detail', ${row}.detail, 'next', NULL, 'broadcast', id, 'msgid', ${row}.msgid,
'errcode', ${row}.errcode, 'errmsg', ${row}.errmsg, 'rid', ${row}.rid, 'attempts', ${row}.attempts,
'seq', 5 * ${row}.generation + iif(${row}.status IN ('delivered', 'undelivered'), 3, 1)
+ iif(${row}.detail LIKE '{"key":"receipt.intercepted"%', 1, 0)),
created_at, ${row}.sent_at, ${row}.finished_at, coalesce(${row}.finished_at, created_at)`
}

const isTold = `new.status IN ('sent', 'delivered', 'undelivered', 'rejected', 'skipped', 'unknown')`
const now = `cast(unixepoch('subsec') * 1000 AS integer)`
const tellPush = `INSERT INTO webhook_changes (${toldColumns}) VALUES (${toPushChange('new.')});`
const tellPause = `INSERT INTO webhook_changes (type, appid, data, at)
VALUES ('account.paused', new.appid, json_object('reason', new.paused_reason, 'detail', new.paused_detail, 'since', new.paused_since, 'probeAt', new.probe_at), ${now});`

/**
 * What stores every change that is to be told, whoever makes it, in its own transaction. They are there only while somebody
 * wants to be told: SQLite updates a table that has triggers more slowly, even where none applies (bench: send.instant).
 */
export const triggers: Readonly<Record<string, string>> = {
  pushes_told_added: `AFTER INSERT ON pushes
WHEN ${isTold} BEGIN ${tellPush} END`,
  pushes_told_changed: `AFTER UPDATE ON pushes
WHEN ${isTold} AND new.seq <> old.seq BEGIN ${tellPush} END`,
  account_told_added: `AFTER INSERT ON account_state
WHEN new.paused_reason IS NOT NULL BEGIN ${tellPause} END`,
  account_told_paused: `AFTER UPDATE OF paused_reason ON account_state
WHEN new.paused_reason IS NOT NULL AND new.paused_reason IS NOT old.paused_reason BEGIN ${tellPause} END`,
  account_told_resumed: `AFTER UPDATE OF paused_reason ON account_state
WHEN new.paused_reason IS NULL AND old.paused_reason IS NOT NULL BEGIN
INSERT INTO webhook_changes (type, appid, data, at)
VALUES ('account.resumed', new.appid, json_object('reason', old.paused_reason, 'since', old.paused_since), ${now});
END`,
  sync_told: `AFTER UPDATE OF status, error ON sync_runs
WHEN new.status IN ('interrupted', 'stopped') AND new.error IS NOT NULL AND new.error NOT LIKE 'stopped on request%' AND new.error NOT LIKE '{"key":"sync.stopped_on_request"%'
AND (new.status <> old.status OR new.error IS NOT old.error) BEGIN
INSERT INTO webhook_changes (type, appid, data, at)
VALUES ('sync.failed', new.appid, json_object('runId', new.id, 'status', new.status, 'error', new.error), ${now});
END`,
  broadcast_told: `AFTER UPDATE OF status ON broadcasts
WHEN new.status IN ('paused', 'finished', 'cancelled') AND new.status <> old.status BEGIN
INSERT INTO webhook_changes (type, appid, data, at)
VALUES (iif(new.status = 'paused', 'broadcast.paused', 'broadcast.finished'), new.appid, json_object('id', new.id, 'name', new.name, 'templateId', new.template_id, 'status', new.status, 'reason', new.reason, 'detail', new.detail), ${now});
END`,
  broadcast_recipients_told: `AFTER UPDATE OF status, detail ON broadcast_recipients
WHEN new.status IS NOT NULL AND (new.status IS NOT old.status OR new.detail IS NOT old.detail) BEGIN
INSERT INTO webhook_changes (${toldColumns})
SELECT ${toRecipientChange('new')}
FROM broadcasts WHERE no = new.broadcast;
END`,
}

/** As SQLite keeps it, so that one of another version can be told from it. */
export function toCreateTrigger(name: string): string {
  return `CREATE TRIGGER ${name} ${triggers[name]}`
}

function toMembers(columns: Record<string, string>, row: string): string {
  return Object.entries(columns)
    .map(([key, column]) => `'${key}', ${row}${column}`)
    .join(', ')
}
