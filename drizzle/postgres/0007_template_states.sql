CREATE TABLE "template_states" (
	"appid" text NOT NULL,
	"template_id" text NOT NULL,
	"gone_at" bigint,
	"paused_reason" text,
	"paused_detail" text,
	"paused_since" bigint,
	"probe_at" bigint,
	"probes" integer NOT NULL,
	CONSTRAINT "template_states_appid_template_id_pk" PRIMARY KEY("appid","template_id")
);
