-- Custom SQL migration file: what is on record about a sync is a key and its facts now. The trigger that calls it looks for
-- the words of older versions, and stays switched on or off as it is.
CREATE OR REPLACE FUNCTION "tell_sync"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	IF new."error" NOT LIKE '{"key":"sync.stopped_on_request"%' AND EXISTS (SELECT FROM "webhook_endpoint") THEN
		INSERT INTO "webhook_changes" ("type", "appid", "data", "at")
		VALUES ('sync.failed', new."appid", json_build_object('runId', new."id", 'status', new."status", 'error', new."error")::text, (extract(epoch from clock_timestamp()) * 1000)::bigint);
	END IF;
	RETURN NULL;
END $$;
