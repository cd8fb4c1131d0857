CREATE TABLE `intercepted_messages` (
	`appid` text NOT NULL,
	`template_id` text NOT NULL,
	`message_id` integer NOT NULL,
	`push_id` text,
	`told_at` integer NOT NULL,
	PRIMARY KEY(`appid`, `template_id`, `message_id`)
);
--> statement-breakpoint
CREATE INDEX `intercepted_messages_told` ON `intercepted_messages` (`appid`,`told_at`);