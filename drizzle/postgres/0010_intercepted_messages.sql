CREATE TABLE "intercepted_messages" (
	"appid" text NOT NULL,
	"template_id" text NOT NULL,
	"message_id" bigint NOT NULL,
	"push_id" text,
	"told_at" bigint NOT NULL,
	CONSTRAINT "intercepted_messages_appid_template_id_message_id_pk" PRIMARY KEY("appid","template_id","message_id")
);
--> statement-breakpoint
CREATE INDEX "intercepted_messages_told" ON "intercepted_messages" USING btree ("appid","told_at");