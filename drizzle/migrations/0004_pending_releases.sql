ALTER TABLE `arrivals` RENAME TO `pending_releases`;--> statement-breakpoint
CREATE INDEX `pending_releases_appid` ON `pending_releases` (`appid`);
