-- place_order() under an Idempotency-Key. The same key again gets the same answer, as long as the account is open; a
-- twin that is still at work is waited for (on the key's own lock: the row comes last, with the answer in it; its unique
-- index has the last word).
CREATE OR REPLACE FUNCTION place_order_once(_claim uuid, _operation text, _key text, _fingerprint bytea, wish jsonb)
RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _actor uuid := wish ->> 'actor';
  earlier record;
  placed jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(_key, 0));
  SELECT k.fingerprint, k.answer INTO earlier FROM idempotency_key k JOIN app_user u ON u.id = k.user_id AND u.active
    WHERE k.user_id = _actor AND k.operation = _operation AND k.key = _key;
  IF FOUND THEN
    IF earlier.fingerprint <> _fingerprint THEN PERFORM refuse('idempotency_key_reused'); END IF;
    RETURN earlier.answer;
  END IF;
  placed := place_order(wish);  -- for a closed account: refused
  INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint, status, answer)
  VALUES (_claim, _actor, _operation, _key, _fingerprint, 201, placed);
  RETURN placed;
END $$;
