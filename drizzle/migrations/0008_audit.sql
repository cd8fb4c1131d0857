CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`key_name` text NOT NULL,
	`role` text NOT NULL,
	`action` text NOT NULL,
	`account` text,
	`target` text,
	`detail` text
);
--> statement-breakpoint
CREATE INDEX `audit_at` ON `audit` (`at`);--> statement-breakpoint
DROP INDEX `pushes_finished`;--> statement-breakpoint
CREATE INDEX `pushes_finished` ON `pushes` (`appid`,`status`,`finished_at`,`reason`) WHERE "pushes"."finished_at" is not null;