CREATE TABLE `template_states` (
	`appid` text NOT NULL,
	`template_id` text NOT NULL,
	`gone_at` integer,
	`paused_reason` text,
	`paused_detail` text,
	`paused_since` integer,
	`probe_at` integer,
	`probes` integer NOT NULL,
	PRIMARY KEY(`appid`, `template_id`)
);
