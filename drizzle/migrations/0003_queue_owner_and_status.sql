CREATE TABLE `database_identity` (
	`id` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE `follower_counts` (
	`appid` text PRIMARY KEY NOT NULL,
	`subscribed` integer NOT NULL,
	`with_unionid` integer NOT NULL,
	`unsubscribed` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `open_circuits` (
	`appid` text NOT NULL,
	`owner` text NOT NULL,
	`need` text NOT NULL,
	`detail` text NOT NULL,
	`since` integer NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`appid`, `owner`, `need`)
);

--> statement-breakpoint
INSERT INTO `database_identity` (`id`) VALUES (lower(hex(randomblob(16))));
--> statement-breakpoint
INSERT INTO `follower_counts` (`appid`, `subscribed`, `with_unionid`, `unsubscribed`)
SELECT `appid`, sum(`subscribed`), sum(`subscribed` and `unionid` is not null), sum(not `subscribed`) FROM `followers` NOT INDEXED GROUP BY `appid`;
--> statement-breakpoint
CREATE TRIGGER `followers_count_added` AFTER INSERT ON `followers` BEGIN
	INSERT INTO `follower_counts` (`appid`, `subscribed`, `with_unionid`, `unsubscribed`)
	VALUES (new.`appid`, new.`subscribed`, new.`subscribed` and new.`unionid` is not null, not new.`subscribed`)
	ON CONFLICT (`appid`) DO UPDATE SET
		`subscribed` = `subscribed` + excluded.`subscribed`,
		`with_unionid` = `with_unionid` + excluded.`with_unionid`,
		`unsubscribed` = `unsubscribed` + excluded.`unsubscribed`;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_count_changed` AFTER UPDATE OF `subscribed`, `unionid` ON `followers`
WHEN old.`subscribed` <> new.`subscribed` or (old.`unionid` is null) <> (new.`unionid` is null) BEGIN
	UPDATE `follower_counts` SET
		`subscribed` = `subscribed` + new.`subscribed` - old.`subscribed`,
		`with_unionid` = `with_unionid` + (new.`subscribed` and new.`unionid` is not null) - (old.`subscribed` and old.`unionid` is not null),
		`unsubscribed` = `unsubscribed` + old.`subscribed` - new.`subscribed`
	WHERE `appid` = new.`appid`;
END;
--> statement-breakpoint
CREATE TRIGGER `followers_count_deleted` AFTER DELETE ON `followers` BEGIN
	UPDATE `follower_counts` SET
		`subscribed` = `subscribed` - old.`subscribed`,
		`with_unionid` = `with_unionid` - (old.`subscribed` and old.`unionid` is not null),
		`unsubscribed` = `unsubscribed` - (not old.`subscribed`)
	WHERE `appid` = old.`appid`;
END;
