CREATE TABLE `broadcast_outcomes` (
	`broadcast` integer NOT NULL,
	`minute` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text NOT NULL,
	`total` integer NOT NULL,
	PRIMARY KEY(`broadcast`, `minute`, `status`, `reason`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `broadcast_outcomes` (`broadcast`, `minute`, `status`, `reason`, `total`)
SELECT `broadcast`, coalesce(`finished_at`, `sent_at`, 0) / 60000, `status`, coalesce(`reason`, ''), count(*)
FROM `broadcast_recipients` WHERE `status` IS NOT NULL GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
CREATE TRIGGER `broadcast_recipients_timed` AFTER UPDATE OF `status`, `reason` ON `broadcast_recipients`
WHEN old.`status` IS NOT new.`status` OR old.`reason` IS NOT new.`reason` BEGIN
	UPDATE `broadcast_outcomes` SET `total` = `total` - 1
	WHERE `broadcast` = old.`broadcast` AND `minute` = coalesce(old.`finished_at`, old.`sent_at`, 0) / 60000
		AND `status` = old.`status` AND `reason` = coalesce(old.`reason`, '');
	INSERT INTO `broadcast_outcomes` (`broadcast`, `minute`, `status`, `reason`, `total`)
	SELECT new.`broadcast`, coalesce(new.`finished_at`, new.`sent_at`, 0) / 60000, new.`status`, coalesce(new.`reason`, ''), 1
	WHERE new.`status` IS NOT NULL
	ON CONFLICT DO UPDATE SET `total` = `total` + 1;
END;
