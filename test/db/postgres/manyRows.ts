/** Rows of each of the large tables. */
const rows = 30_000
const minute = 60_000

/**
 * SQL that fills the tables of a schema as months of use by the account `appid`, its mini-program and one other account
 * would: nearly all pushes, events and sessions are over, a few are under way, held or due.
 */
export function toManyRows(appid: string, now: number): string {
  const series = `generate_series(1, ${rows}) as n`
  const account = `case when n % 5 = 0 then 'other' else '${appid}' end`
  const at = `${now} - n * ${minute}::bigint`
  const state = (open: string, held: string, ended: string) =>
    `case when n % 500 = 1 then ${open} when n % 500 = 2 then ${held} else ${ended} end`
  return `
insert into followers (appid, openid, unionid, subscribed, subscribe_time, unsubscribed_at, remark, seen_run, info_at, event_at)
select ${account}, 'o' || n, case when n % 100 <> 3 then 'u' || (case when n % 1000 = 4 then n - 1 else n end) end,
  n % 11 <> 0, ${at}, case when n % 11 = 0 then ${at} end, case when n % 22 = 0 then 'x' end, 1, ${at}, ${at}
from ${series};
insert into pushes (id, appid, unionid, openid, template_id, status, reason, msgid, attempts, generation, message,
  created_at, expires_at, unknown_since, held_for, held_at, place, sent_at, finished_at)
select 'p' || n, ${account}, case when n % 3 <> 0 then 'u' || n end, 'o' || n, 't' || n % 20,
  ${state("'sending'", "'queued'", "(array['sent', 'delivered', 'undelivered', 'rejected', 'skipped'])[1 + n % 5]")},
  ${state('null', "'hold'", "case n % 5 when 3 then 'data_invalid' when 4 then 'not_following' end")},
  ${state('null', 'null', '(1000000000000000000 + n)::text')}, 1, 0, repeat('x', 1500), ${at}, ${at} + ${30 * minute}::bigint,
  ${state(at, 'null', 'null')}, ${state('null', "'u' || n", 'null')}, ${state('null', at, 'null')},
  ${state('null', at, 'null')}, ${state('null', 'null', at)}, ${state('null', 'null', at)}
from ${series};
insert into callback_events (appid, kind, openid, at, msgid, status, app, received_at, due_at, tries)
select ${account}, 'receipt', 'o' || n, ${at}, n::text, 'success', '', ${at}, case when n % 1000 = 1 then ${at} end,
  n % 2 from ${series};
insert into unmatched_receipts (appid, openid, msgid, status, at, received_at, due_at)
select ${account}, 'o' || n, n::text, 'success', ${at}, ${at}, ${now} + n * 1000::bigint from ${series} where n % 20 = 0;
insert into intercepted_messages (appid, template_id, message_id, push_id, told_at)
select ${account}, 't' || n % 20, n, 'p' || n, ${at} from ${series} where n % 20 = 0;
insert into users (appid, openid, unionid, session_key, created_at, login_at)
select case when n % 5 = 0 then 'other' else 'mini' end, 'm' || n, 'u' || n, 'k', ${at}, ${at} from ${series};
insert into sessions (token_hash, appid, openid, created_at, expires_at)
select md5(n::text), appid, openid, created_at, created_at + ${1_000 * minute}::bigint from (select *, substr(openid, 2)::int as n from users) as known;
insert into sync_runs (appid, status, "full", listed, resumed, total, pages, seen, fetched, added, updated, unsubscribed,
  without_unionid, started_at, finished_at, duration_ms)
select ${account}, 'complete', false, true, false, 1, 1, 1, 1, 1, 1, 1, 1, ${at} - 1000::bigint * n, ${at}, 1 from ${series} where n <= 180;
insert into templates select '${appid}', 't' || n, '', '', '', '', '', ${at} from generate_series(1, 25) as n;
insert into leases select 'lease ' || n, 'somebody', ${at} from generate_series(1, 20) as n;
insert into pending_releases (appid, recipient) select ${account}, 'u' || n from generate_series(1, 20) as n;
insert into broadcasts (id, appid, template_id, message, audience, status, max_failures, selected, is_filled, filled,
  fill_cursor, fill_until, "cursor", handed_out, next_at, per_second, created_at)
select case n when 100 then 'b1' else 'old' || n end, '${appid}', 't1', '{}', '{"kind": "file"}',
  case n when 100 then 'running' else 'finished' end, 0.2, ${rows}, true, ${rows}, 0, 0, ${rows / 2}, ${rows / 2}, 0, 1, ${at}
from generate_series(1, 100) as n;
insert into broadcast_recipients (broadcast, seq, openid, unionid, is_by_unionid, status, reason, msgid, attempts,
  generation, sent_at, finished_at)
select 100, n, 'o' || n, 'u' || n, false, case when n <= ${rows / 2} then case when n % 100 = 0 then 'skipped' else 'sent' end end,
  case when n <= ${rows / 2} and n % 100 = 0 then 'not_following' end, case when n <= ${rows / 2} then (2000000000000000000 + n)::text end,
  1, 0, ${at}, ${at} from ${series};
insert into broadcast_keys select 100, 'o' || n, n from ${series};
insert into webhook_changes (type, appid, key, data, at)
select 'pushes.updated', ${account}, 'p' || n, '{}', ${at} from ${series};
vacuum analyze;`
}
