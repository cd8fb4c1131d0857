CREATE TABLE "broadcast_outcomes" (
	"broadcast" bigint NOT NULL,
	"minute" integer NOT NULL,
	"status" text NOT NULL,
	"reason" text NOT NULL,
	"total" bigint NOT NULL,
	CONSTRAINT "broadcast_outcomes_broadcast_minute_status_reason_pk" PRIMARY KEY("broadcast","minute","status","reason")
);
--> statement-breakpoint
INSERT INTO "broadcast_outcomes" ("broadcast", "minute", "status", "reason", "total")
SELECT "broadcast", coalesce("finished_at", "sent_at", 0) / 60000, "status", coalesce("reason", ''), count(*)
FROM "broadcast_recipients" WHERE "status" IS NOT NULL GROUP BY 1, 2, 3, 4;
--> statement-breakpoint
CREATE FUNCTION "time_broadcast_outcomes"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	INSERT INTO "broadcast_outcomes" ("broadcast", "minute", "status", "reason", "total")
	SELECT "broadcast", "minute", "status", "reason", sum("change") FROM (
		SELECT "broadcast", coalesce("finished_at", "sent_at", 0) / 60000 AS "minute", "status", coalesce("reason", '') AS "reason", 1 AS "change"
		FROM "after" WHERE "status" IS NOT NULL
		UNION ALL
		SELECT "broadcast", coalesce("finished_at", "sent_at", 0) / 60000, "status", coalesce("reason", ''), -1
		FROM "before" WHERE "status" IS NOT NULL
	) AS "row" GROUP BY "broadcast", "minute", "status", "reason" HAVING sum("change") <> 0
	ORDER BY "broadcast", "minute", "status", "reason"
	ON CONFLICT ("broadcast", "minute", "status", "reason") DO UPDATE SET "total" = "broadcast_outcomes"."total" + excluded."total";
	RETURN NULL;
END $$;
--> statement-breakpoint
-- After "broadcast_recipients_count", which lets one at a time count for each broadcast.
CREATE TRIGGER "broadcast_recipients_timed" AFTER UPDATE ON "broadcast_recipients" REFERENCING OLD TABLE AS "before" NEW TABLE AS "after" FOR EACH STATEMENT EXECUTE FUNCTION "time_broadcast_outcomes"();
