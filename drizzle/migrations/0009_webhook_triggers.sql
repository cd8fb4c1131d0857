-- Only a database whose changes are told has them: they are made when that is turned on.
DROP TRIGGER `pushes_told_added`;
--> statement-breakpoint
DROP TRIGGER `pushes_told_changed`;
--> statement-breakpoint
DROP TRIGGER `account_told_added`;
--> statement-breakpoint
DROP TRIGGER `account_told_paused`;
--> statement-breakpoint
DROP TRIGGER `account_told_resumed`;
--> statement-breakpoint
DROP TRIGGER `sync_told`;
--> statement-breakpoint
DROP TRIGGER `broadcast_told`;
--> statement-breakpoint
DROP TRIGGER `broadcast_recipients_told`;
