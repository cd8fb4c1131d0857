-- Of a recipient WeChat may tell later why it was not delivered: that is one more change of its record, with a seq of its own.
CREATE OR REPLACE FUNCTION "tell_broadcast_recipients"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	IF EXISTS (SELECT FROM "webhook_endpoint") THEN
		INSERT INTO "webhook_changes" ("type", "appid", "key", "data", "created_at", "sent_at", "finished_at", "at")
		SELECT 'pushes.updated', "appid", "key", json_build_object('id', "key", 'appid', "appid", 'unionid', "unionid", 'openid', "openid",
			'templateId', "template_id", 'status', "status", 'reason', "reason", 'detail', "detail", 'next', NULL, 'broadcast', "id",
			'msgid', "msgid", 'errcode', "errcode", 'errmsg', "errmsg", 'rid', "rid", 'attempts', "attempts",
			'seq', 5 * "generation" + CASE WHEN "status" IN ('delivered', 'undelivered') THEN 3 ELSE 1 END
				+ CASE WHEN "detail" LIKE '{"key":"receipt.intercepted"%' THEN 1 ELSE 0 END)::text,
			"created_at", "sent_at", "finished_at", coalesce("finished_at", "created_at")
		FROM (
			SELECT "b"."appid", "b"."id", "b"."template_id", "b"."created_at",
				"b"."id" || ':' || CASE WHEN "a"."is_by_unionid" THEN "a"."unionid" ELSE "a"."openid" END AS "key",
				"a"."unionid", "a"."openid", "a"."status", "a"."reason", "a"."detail", "a"."msgid", "a"."errcode", "a"."errmsg",
				"a"."rid", "a"."attempts", "a"."generation", "a"."sent_at", "a"."finished_at"
			FROM "after" "a" JOIN "before" "o" ON "o"."broadcast" = "a"."broadcast" AND "o"."seq" = "a"."seq"
			JOIN "broadcasts" "b" ON "b"."no" = "a"."broadcast"
			WHERE "a"."status" IS NOT NULL
				AND ("a"."status" IS DISTINCT FROM "o"."status" OR "a"."detail" IS DISTINCT FROM "o"."detail")
		) AS "told";
	END IF;
	RETURN NULL;
END $$;
