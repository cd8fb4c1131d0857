ALTER TABLE `sync_runs` ADD `odd_rows` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `followers_nameless` ON `followers` (`appid`,`id`) WHERE "followers"."unionid" is null and "followers"."subscribed";--> statement-breakpoint
CREATE INDEX `users_login` ON `users` (`login_at`);--> statement-breakpoint
DELETE FROM `followers` WHERE `openid` = '';
