-- Only a database whose changes are told needs them: they are enabled when that is turned on.
ALTER TABLE "pushes" DISABLE TRIGGER "pushes_told_added", DISABLE TRIGGER "pushes_told_changed";
--> statement-breakpoint
ALTER TABLE "account_state" DISABLE TRIGGER "account_told_added", DISABLE TRIGGER "account_told_changed";
--> statement-breakpoint
ALTER TABLE "sync_runs" DISABLE TRIGGER "sync_told";
--> statement-breakpoint
ALTER TABLE "broadcasts" DISABLE TRIGGER "broadcast_told";
--> statement-breakpoint
ALTER TABLE "broadcast_recipients" DISABLE TRIGGER "broadcast_recipients_told";
