CREATE TABLE `access_tokens` (
	`appid` text PRIMARY KEY NOT NULL,
	`token` text NOT NULL,
	`obtained_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `account_state` (
	`appid` text PRIMARY KEY NOT NULL,
	`paused_reason` text,
	`paused_detail` text,
	`paused_since` integer,
	`probe_at` integer,
	`probes` integer NOT NULL,
	`rate` real,
	`refused_rate` real,
	`refused_at` integer
);
--> statement-breakpoint
CREATE TABLE `arrivals` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`appid` text NOT NULL,
	`recipient` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `callback_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`appid` text NOT NULL,
	`kind` text NOT NULL,
	`openid` text NOT NULL,
	`at` integer NOT NULL,
	`msgid` text NOT NULL,
	`status` text NOT NULL,
	`app` text NOT NULL,
	`received_at` integer NOT NULL,
	`due_at` integer,
	`tries` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `callback_events_same` ON `callback_events` (`appid`,`openid`,`at`,`kind`,`msgid`,`status`);--> statement-breakpoint
CREATE INDEX `callback_events_due` ON `callback_events` (`appid`,`due_at`) WHERE "callback_events"."due_at" is not null;--> statement-breakpoint
CREATE TABLE `followers` (
	`id` integer PRIMARY KEY NOT NULL,
	`appid` text NOT NULL,
	`openid` text NOT NULL,
	`unionid` text,
	`subscribed` integer NOT NULL,
	`subscribe_time` integer,
	`unsubscribed_at` integer,
	`scene` text,
	`tag_ids` text,
	`remark` text,
	`seen_run` integer,
	`info_at` integer,
	`event_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `followers_openid` ON `followers` (`appid`,`openid`);--> statement-breakpoint
CREATE INDEX `followers_unionid` ON `followers` (`appid`,`unionid`);--> statement-breakpoint
CREATE INDEX `followers_unsubscribed` ON `followers` (`unsubscribed_at`) WHERE "followers"."unsubscribed_at" is not null;--> statement-breakpoint
CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pushes` (
	`id` text NOT NULL,
	`appid` text NOT NULL,
	`unionid` text,
	`openid` text,
	`template_id` text NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`detail` text,
	`msgid` text,
	`errcode` integer,
	`errmsg` text,
	`rid` text,
	`attempts` integer NOT NULL,
	`generation` integer NOT NULL,
	`unknown_since` integer,
	`job_id` text,
	`message` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`held_for` text,
	`held_at` integer,
	`place` real,
	`sent_at` integer,
	`finished_at` integer,
	PRIMARY KEY(`appid`, `id`)
);
--> statement-breakpoint
CREATE INDEX `pushes_msgid` ON `pushes` (`msgid`) WHERE "pushes"."msgid" is not null;--> statement-breakpoint
CREATE INDEX `pushes_unionid` ON `pushes` (`unionid`,`created_at`);--> statement-breakpoint
CREATE INDEX `pushes_reason` ON `pushes` (`status`,`created_at`) WHERE "pushes"."reason" is not null;--> statement-breakpoint
CREATE INDEX `pushes_created` ON `pushes` (`appid`,`created_at`);--> statement-breakpoint
CREATE INDEX `pushes_open` ON `pushes` (`created_at`) WHERE "pushes"."finished_at" is null and "pushes"."reason" is not 'hold';--> statement-breakpoint
CREATE INDEX `pushes_finished` ON `pushes` (`finished_at`) WHERE "pushes"."finished_at" is not null;--> statement-breakpoint
CREATE INDEX `pushes_openid` ON `pushes` (`openid`,`created_at`) WHERE "pushes"."unionid" is null;--> statement-breakpoint
CREATE INDEX `pushes_line` ON `pushes` (`held_for`,`place`) WHERE "pushes"."held_for" is not null and "pushes"."finished_at" is null;--> statement-breakpoint
CREATE INDEX `pushes_held` ON `pushes` (`appid`,`expires_at`) WHERE "pushes"."reason" = 'hold';--> statement-breakpoint
CREATE TABLE `sessions` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`appid` text NOT NULL,
	`openid` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`appid`,`openid`) REFERENCES `users`(`appid`,`openid`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`appid`,`openid`);--> statement-breakpoint
CREATE INDEX `sessions_expires` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `sync_runs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`appid` text NOT NULL,
	`status` text NOT NULL,
	`full` integer NOT NULL,
	`cursor` text,
	`listed` integer NOT NULL,
	`resumed` integer NOT NULL,
	`total` integer NOT NULL,
	`pages` integer NOT NULL,
	`seen` integer NOT NULL,
	`fetched` integer NOT NULL,
	`added` integer NOT NULL,
	`updated` integer NOT NULL,
	`unsubscribed` integer NOT NULL,
	`without_unionid` integer NOT NULL,
	`error` text,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`duration_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sync_runs_appid` ON `sync_runs` (`appid`,`id`);--> statement-breakpoint
CREATE TABLE `sync_seen` (
	`run_id` integer NOT NULL,
	`chunk` integer NOT NULL,
	`bits` blob NOT NULL,
	PRIMARY KEY(`run_id`, `chunk`),
	FOREIGN KEY (`run_id`) REFERENCES `sync_runs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `templates` (
	`appid` text NOT NULL,
	`template_id` text NOT NULL,
	`title` text NOT NULL,
	`content` text NOT NULL,
	`example` text NOT NULL,
	`primary_industry` text NOT NULL,
	`deputy_industry` text NOT NULL,
	`fetched_at` integer NOT NULL,
	PRIMARY KEY(`appid`, `template_id`)
);
--> statement-breakpoint
CREATE TABLE `unmatched_receipts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`appid` text NOT NULL,
	`openid` text NOT NULL,
	`msgid` text NOT NULL,
	`status` text NOT NULL,
	`at` integer NOT NULL,
	`received_at` integer NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `unmatched_receipts_due` ON `unmatched_receipts` (`appid`,`due_at`);--> statement-breakpoint
CREATE TABLE `users` (
	`appid` text NOT NULL,
	`openid` text NOT NULL,
	`unionid` text,
	`session_key` text NOT NULL,
	`created_at` integer NOT NULL,
	`login_at` integer NOT NULL,
	PRIMARY KEY(`appid`, `openid`)
);
