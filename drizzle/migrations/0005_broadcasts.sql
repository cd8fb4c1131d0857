CREATE TABLE `broadcast_chunks` (
	`broadcast` integer NOT NULL,
	`from_seq` integer NOT NULL,
	`to_seq` integer NOT NULL,
	`size` integer NOT NULL,
	`since` integer,
	`due_at` integer NOT NULL,
	PRIMARY KEY(`broadcast`, `from_seq`)
);
--> statement-breakpoint
CREATE TABLE `broadcast_counts` (
	`broadcast` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text NOT NULL,
	`is_canary` integer NOT NULL,
	`total` integer NOT NULL,
	PRIMARY KEY(`broadcast`, `status`, `reason`, `is_canary`)
);
--> statement-breakpoint
CREATE TABLE `broadcast_keys` (
	`broadcast` integer NOT NULL,
	`key` text NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`broadcast`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `broadcast_recents` (
	`broadcast` integer PRIMARY KEY NOT NULL,
	`sends` text NOT NULL,
	`receipts` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `broadcast_recipients` (
	`broadcast` integer NOT NULL,
	`seq` integer NOT NULL,
	`openid` text,
	`unionid` text,
	`is_by_unionid` integer NOT NULL,
	`columns` text,
	`status` text,
	`reason` text,
	`detail` text,
	`msgid` text,
	`errcode` integer,
	`errmsg` text,
	`rid` text,
	`attempts` integer NOT NULL,
	`generation` integer NOT NULL,
	`sent_at` integer,
	`finished_at` integer,
	PRIMARY KEY(`broadcast`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `broadcast_recipients_msgid` ON `broadcast_recipients` (`msgid`) WHERE "broadcast_recipients"."msgid" is not null;--> statement-breakpoint
CREATE INDEX `broadcast_recipients_failed` ON `broadcast_recipients` (`broadcast`,`reason`,`seq`) WHERE "broadcast_recipients"."reason" is not null;--> statement-breakpoint
CREATE TABLE `broadcast_retries` (
	`broadcast` integer NOT NULL,
	`seq` integer NOT NULL,
	`due_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`unknown_since` integer,
	`starts` integer NOT NULL,
	`errcode` integer,
	`detail` text,
	PRIMARY KEY(`broadcast`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `broadcast_retries_due` ON `broadcast_retries` (`broadcast`,`due_at`);--> statement-breakpoint
CREATE TABLE `broadcasts` (
	`no` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`appid` text NOT NULL,
	`name` text,
	`template_id` text NOT NULL,
	`message` text NOT NULL,
	`audience` text NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`detail` text,
	`rate` real,
	`window` text,
	`canary_share` text,
	`canary_size` integer,
	`canary_to` integer,
	`canary_state` text,
	`canary_at` integer,
	`max_failures` real NOT NULL,
	`selected` integer NOT NULL,
	`is_filled` integer NOT NULL,
	`filled` integer NOT NULL,
	`fill_cursor` integer NOT NULL,
	`fill_until` integer NOT NULL,
	`cursor` integer NOT NULL,
	`handed_out` integer NOT NULL,
	`cap` integer,
	`next_at` real NOT NULL,
	`per_second` real NOT NULL,
	`created_at` integer NOT NULL,
	`start_at` integer,
	`expires_at` integer,
	`started_at` integer,
	`finished_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `broadcasts_id` ON `broadcasts` (`id`);--> statement-breakpoint
CREATE INDEX `broadcasts_account` ON `broadcasts` (`appid`,`no`);--> statement-breakpoint
CREATE INDEX `broadcasts_open` ON `broadcasts` (`appid`,`no`) WHERE "broadcasts"."status" in ('scheduled', 'running', 'paused');--> statement-breakpoint
CREATE INDEX `broadcasts_finished` ON `broadcasts` (`finished_at`) WHERE "broadcasts"."finished_at" is not null;
--> statement-breakpoint
CREATE TRIGGER `broadcast_recipients_ended` AFTER UPDATE OF `status`, `reason` ON `broadcast_recipients`
WHEN old.`status` is not new.`status` or old.`reason` is not new.`reason` BEGIN
	UPDATE `broadcast_counts` SET `total` = `total` - 1
	WHERE `broadcast` = old.`broadcast` AND `status` = old.`status` AND `reason` = coalesce(old.`reason`, '')
		AND `is_canary` = (old.`seq` <= coalesce((SELECT `canary_to` FROM `broadcasts` WHERE `no` = old.`broadcast`), 0));
	INSERT INTO `broadcast_counts` (`broadcast`, `status`, `reason`, `is_canary`, `total`)
	SELECT new.`broadcast`, new.`status`, coalesce(new.`reason`, ''),
		new.`seq` <= coalesce((SELECT `canary_to` FROM `broadcasts` WHERE `no` = new.`broadcast`), 0), 1
	WHERE new.`status` IS NOT NULL
	ON CONFLICT DO UPDATE SET `total` = `total` + 1;
	UPDATE `broadcast_recents` SET
		`sends` = CASE WHEN old.`status` IS NULL THEN substr(`sends` || iif(new.`status` = 'sent', '.', 'x'), -200) ELSE `sends` END,
		`receipts` = CASE WHEN old.`status` = 'sent' THEN substr(`receipts` || iif(new.`status` = 'delivered', '.', 'x'), -200) ELSE `receipts` END
	WHERE `broadcast` = new.`broadcast` AND new.`status` IN ('sent', 'rejected', 'delivered', 'undelivered');
END;
