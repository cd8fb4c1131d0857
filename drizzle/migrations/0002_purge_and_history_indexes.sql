DROP INDEX `pushes_reason`;--> statement-breakpoint
DROP INDEX `pushes_finished`;--> statement-breakpoint
CREATE INDEX `pushes_status` ON `pushes` (`status`,`created_at`) WHERE "pushes"."finished_at" is not null or "pushes"."reason" is not null;--> statement-breakpoint
CREATE INDEX `pushes_template` ON `pushes` (`template_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `pushes_finished` ON `pushes` (`appid`,`status`,`finished_at`) WHERE "pushes"."finished_at" is not null;--> statement-breakpoint
DROP INDEX `followers_unsubscribed`;--> statement-breakpoint
CREATE INDEX `followers_unsubscribed` ON `followers` (`unsubscribed_at`) WHERE "followers"."unsubscribed_at" is not null and ("followers"."unionid" is not null or "followers"."remark" is not null or "followers"."tag_ids" is not null or "followers"."scene" is not null);