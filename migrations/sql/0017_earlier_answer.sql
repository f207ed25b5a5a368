-- What a key was answered with, where it was: for verbs that are one statement, which claim their key by themselves. A twin
-- still at work is waited for (on the key's own lock: its row comes last, with the answer in it; the unique index has
-- the last word). A closed account is told nothing, and its verb then refuses it.
CREATE FUNCTION earlier_answer(_user uuid, _operation text, _key text, _fingerprint bytea) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  earlier record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(_key, 0));
  SELECT k.fingerprint, k.answer INTO earlier FROM idempotency_key k JOIN app_user u ON u.id = k.user_id AND u.active
    WHERE k.user_id = _user AND k.operation = _operation AND k.key = _key;
  IF FOUND AND earlier.fingerprint <> _fingerprint THEN PERFORM refuse('idempotency_key_reused'); END IF;
  RETURN earlier.answer;
END $$;

-- place_order() under an Idempotency-Key: the same key again gets the same answer.
CREATE OR REPLACE FUNCTION place_order_once(_claim uuid, _operation text, _key text, _fingerprint bytea, wish jsonb)
RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _actor uuid := wish ->> 'actor';
  answer jsonb := earlier_answer(_actor, _operation, _key, _fingerprint);
BEGIN
  IF answer IS NULL THEN
    answer := place_order(wish);
    INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint, status, answer)
    VALUES (_claim, _actor, _operation, _key, _fingerprint, 201, answer);
  END IF;
  RETURN answer;
END $$;

-- take_task() under an Idempotency-Key, likewise.
CREATE OR REPLACE FUNCTION claim_task_once(_claim uuid, _operation text, _key text, _fingerprint bytea, wish jsonb)
RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _actor uuid := wish ->> 'actor';
  answer jsonb := earlier_answer(_actor, _operation, _key, _fingerprint);
BEGIN
  IF answer IS NULL THEN
    answer := take_task(wish);
    INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint, status, answer)
    VALUES (_claim, _actor, _operation, _key, _fingerprint, 201, answer);
  END IF;
  RETURN answer;
END $$;
