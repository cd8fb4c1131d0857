CREATE TABLE `webhook_changes` (
	`n` integer PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`appid` text NOT NULL,
	`key` text,
	`data` text NOT NULL,
	`created_at` integer,
	`sent_at` integer,
	`finished_at` integer,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`body` text NOT NULL,
	`keys` text NOT NULL,
	`attempts` integer NOT NULL,
	`first_at` integer NOT NULL,
	`next_at` integer,
	`last_error` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_next` ON `webhook_deliveries` (`next_at`) WHERE "webhook_deliveries"."next_at" is not null;--> statement-breakpoint
CREATE TABLE `webhook_endpoint` (
	`id` integer PRIMARY KEY NOT NULL,
	`off_at` integer,
	`off_detail` text,
	`succeeded_at` integer
);
--> statement-breakpoint
CREATE TRIGGER `pushes_told_added` AFTER INSERT ON `pushes`
WHEN new.`status` IN ('sent', 'delivered', 'undelivered', 'rejected', 'skipped', 'unknown') AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `key`, `data`, `created_at`, `sent_at`, `finished_at`, `at`)
	VALUES ('pushes.updated', new.`appid`, new.`id`, json_object('id', new.`id`, 'appid', new.`appid`, 'unionid', new.`unionid`, 'openid', new.`openid`,
		'templateId', new.`template_id`, 'status', new.`status`, 'reason', new.`reason`,
		'detail', new.`detail`,
		'next', CASE WHEN new.`reason` = 'handed_over' THEN coalesce(json_extract(new.`message`, '$.next[0].name'), json_extract(new.`message`, '$.next[0].appid')) END,
		'broadcast', NULL, 'msgid', new.`msgid`, 'errcode', new.`errcode`, 'errmsg', new.`errmsg`, 'rid', new.`rid`,
		'attempts', new.`attempts`, 'seq', new.`seq`),
		new.`created_at`, new.`sent_at`, new.`finished_at`, coalesce(new.`finished_at`, new.`created_at`));
END;
--> statement-breakpoint
CREATE TRIGGER `pushes_told_changed` AFTER UPDATE ON `pushes`
WHEN new.`status` IN ('sent', 'delivered', 'undelivered', 'rejected', 'skipped', 'unknown') AND new.`seq` <> old.`seq` AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `key`, `data`, `created_at`, `sent_at`, `finished_at`, `at`)
	VALUES ('pushes.updated', new.`appid`, new.`id`, json_object('id', new.`id`, 'appid', new.`appid`, 'unionid', new.`unionid`, 'openid', new.`openid`,
		'templateId', new.`template_id`, 'status', new.`status`, 'reason', new.`reason`,
		'detail', new.`detail`,
		'next', CASE WHEN new.`reason` = 'handed_over' THEN coalesce(json_extract(new.`message`, '$.next[0].name'), json_extract(new.`message`, '$.next[0].appid')) END,
		'broadcast', NULL, 'msgid', new.`msgid`, 'errcode', new.`errcode`, 'errmsg', new.`errmsg`, 'rid', new.`rid`,
		'attempts', new.`attempts`, 'seq', new.`seq`),
		new.`created_at`, new.`sent_at`, new.`finished_at`, coalesce(new.`finished_at`, new.`created_at`));
END;
--> statement-breakpoint
CREATE TRIGGER `account_told_added` AFTER INSERT ON `account_state`
WHEN new.`paused_reason` IS NOT NULL AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `data`, `at`)
	VALUES ('account.paused', new.`appid`, json_object('reason', new.`paused_reason`, 'detail', new.`paused_detail`, 'since', new.`paused_since`, 'probeAt', new.`probe_at`), cast(unixepoch('subsec') * 1000 AS integer));
END;
--> statement-breakpoint
CREATE TRIGGER `account_told_paused` AFTER UPDATE OF `paused_reason` ON `account_state`
WHEN new.`paused_reason` IS NOT NULL AND new.`paused_reason` IS NOT old.`paused_reason` AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `data`, `at`)
	VALUES ('account.paused', new.`appid`, json_object('reason', new.`paused_reason`, 'detail', new.`paused_detail`, 'since', new.`paused_since`, 'probeAt', new.`probe_at`), cast(unixepoch('subsec') * 1000 AS integer));
END;
--> statement-breakpoint
CREATE TRIGGER `account_told_resumed` AFTER UPDATE OF `paused_reason` ON `account_state`
WHEN new.`paused_reason` IS NULL AND old.`paused_reason` IS NOT NULL AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `data`, `at`)
	VALUES ('account.resumed', new.`appid`, json_object('reason', old.`paused_reason`, 'since', old.`paused_since`), cast(unixepoch('subsec') * 1000 AS integer));
END;
--> statement-breakpoint
CREATE TRIGGER `sync_told` AFTER UPDATE OF `status`, `error` ON `sync_runs`
WHEN new.`status` IN ('interrupted', 'stopped') AND new.`error` IS NOT NULL AND new.`error` NOT LIKE 'stopped on request%'
	AND (new.`status` <> old.`status` OR new.`error` IS NOT old.`error`) AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `data`, `at`)
	VALUES ('sync.failed', new.`appid`, json_object('runId', new.`id`, 'status', new.`status`, 'error', new.`error`), cast(unixepoch('subsec') * 1000 AS integer));
END;
--> statement-breakpoint
CREATE TRIGGER `broadcast_told` AFTER UPDATE OF `status` ON `broadcasts`
WHEN new.`status` IN ('paused', 'finished', 'cancelled') AND new.`status` <> old.`status` AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `data`, `at`)
	VALUES (iif(new.`status` = 'paused', 'broadcast.paused', 'broadcast.finished'), new.`appid`, json_object('id', new.`id`, 'name', new.`name`, 'templateId', new.`template_id`, 'status', new.`status`, 'reason', new.`reason`, 'detail', new.`detail`), cast(unixepoch('subsec') * 1000 AS integer));
END;
--> statement-breakpoint
CREATE TRIGGER `broadcast_recipients_told` AFTER UPDATE OF `status` ON `broadcast_recipients`
WHEN new.`status` IS NOT NULL AND new.`status` IS NOT old.`status` AND EXISTS (SELECT 1 FROM `webhook_endpoint`) BEGIN
	INSERT INTO `webhook_changes` (`type`, `appid`, `key`, `data`, `created_at`, `sent_at`, `finished_at`, `at`)
	SELECT 'pushes.updated', `appid`, `id` || ':' || iif(new.`is_by_unionid`, new.`unionid`, new.`openid`),
		json_object('id', `id` || ':' || iif(new.`is_by_unionid`, new.`unionid`, new.`openid`), 'appid', `appid`,
		'unionid', new.`unionid`, 'openid', new.`openid`, 'templateId', `template_id`, 'status', new.`status`,
		'reason', new.`reason`, 'detail', new.`detail`, 'next', NULL, 'broadcast', `id`, 'msgid', new.`msgid`,
		'errcode', new.`errcode`, 'errmsg', new.`errmsg`, 'rid', new.`rid`, 'attempts', new.`attempts`,
		'seq', 3 * new.`generation` + iif(new.`status` IN ('delivered', 'undelivered'), 2, 1)),
		`created_at`, new.`sent_at`, new.`finished_at`, coalesce(new.`finished_at`, `created_at`)
	FROM `broadcasts` WHERE `no` = new.`broadcast`;
END;
