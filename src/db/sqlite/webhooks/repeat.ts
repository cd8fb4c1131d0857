const isEnded = 'appid = ? and status = ? and finished_at is not null and finished_at >= ?'

/** Up to which time there are so many ends, of one status, since another time; none = there are fewer. */
export const sliceSql = `select finished_at as finishedAt from pushes where ${isEnded} order by finished_at limit 1 offset ?`

/** As the triggers that tell of changes, which a test compares. */
export const repeatSql = `insert into webhook_changes (type, appid, key, data, created_at, sent_at, finished_at, at)
select 'pushes.updated', appid, id, json_object('id', id, 'appid', appid, 'unionid', unionid, 'openid', openid,
  'templateId', template_id, 'status', status, 'reason', reason, 'detail', detail,
  'next', case when reason = 'handed_over'
    then coalesce(json_extract(message, '$.next[0].name'), json_extract(message, '$.next[0].appid')) end,
  'broadcast', null, 'msgid', msgid, 'errcode', errcode, 'errmsg', errmsg, 'rid', rid, 'attempts', attempts, 'seq', seq),
  created_at, sent_at, finished_at, coalesce(finished_at, created_at)
from pushes where ${isEnded} and finished_at <= ?`
