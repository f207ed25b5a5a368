-- An order is one statement, and that statement is one transaction. What is refused is raised, so that nothing of it
-- stays. The rows that everyone wants, the shares, come last: their lock lives no longer than the commit.

-- code: what the application knows how to say; more: what it says it with.
CREATE FUNCTION refuse(code text, more jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = code, DETAIL = more::text, ERRCODE = 'raise_exception';
END $$;

-- Whether one of the roles is held now, at a place that covers this one.
CREATE FUNCTION holds(_user uuid, _roles jsonb, _place text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM role_assignment r WHERE r.user_id = _user AND r.ended_at IS NULL
    AND (r.until IS NULL OR r.until > clock_timestamp()) AND starts_with(_place, r.place_code) AND _roles ? r.role);
END $$;

-- Places an order within the caller's transaction. Returns what was ordered, at which price, until when to pay. The
-- wish, made by the application: order, ledger, audit (new ids), campaign, household (null: the actor's own, if there
-- is just one), items, quantities, substitutions (arrays, one line each, in the order of the items' ids), terms,
-- delivery, actor, consent, request; and the roles that may place orders, for others, and have them sponsored.
-- Every row is found by its key. A plan made while a table was small would read it whole, dead versions of the hot row
-- included, hence no sequential scans.
CREATE FUNCTION place_order(wish jsonb) RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _order uuid := wish ->> 'order';
  _household uuid := wish ->> 'household';
  _items uuid[] := wish ->> 'items';
  _quantities integer[] := wish ->> 'quantities';
  _substitutions text[] := wish ->> 'substitutions';
  _terms text := wish ->> 'terms';
  _actor uuid := wish ->> 'actor';
  c record;
  h record;
  basis text;
  first_status text := 'awaiting_payment';
  total bigint; subsidy bigint; due bigint; sponsored bigint := 0;
  caps integer[];
  lines jsonb;
  pay_until timestamptz;
BEGIN
  -- What the actor's posts allow is read with the order itself: a post that has ended allows nothing.
  IF NOT EXISTS (SELECT FROM app_user u JOIN role_assignment r ON r.user_id = u.id
                 WHERE u.id = _actor AND u.active AND r.ended_at IS NULL
                   AND (r.until IS NULL OR r.until > clock_timestamp()) AND wish -> 'placing' ? r.role) THEN
    PERFORM refuse(CASE WHEN EXISTS (SELECT FROM app_user WHERE id = _actor AND active)
                        THEN 'forbidden' ELSE 'unknown_user' END);
  END IF;

  -- Whoever changes the campaign (a price, its end) waits until this order is in or out, and the other way round.
  SELECT id, place_code, status, cut_off_at, pay_minutes, allows_door, allows_on_delivery, policy, policy_sentence
    INTO c FROM campaign WHERE id = (wish ->> 'campaign')::uuid FOR KEY SHARE;
  IF c.id IS NULL OR c.status = 'draft' THEN PERFORM refuse('campaign_missing'); END IF;
  IF c.status <> 'open' OR clock_timestamp() >= c.cut_off_at THEN PERFORM refuse('not_open'); END IF;

  -- The household comes from the register, and lies in a place the campaign serves.
  IF _household IS NULL THEN
    SELECT hh.id, hh.place_code, count(*) OVER () AS homes, true AS own INTO h
    FROM household_member m JOIN household hh ON hh.id = m.household_id
    WHERE m.user_id = _actor AND m.left_at IS NULL AND EXISTS (
      SELECT FROM campaign_place p WHERE p.campaign_id = c.id AND starts_with(hh.place_code, p.place_code));
  ELSE
    SELECT hh.id, hh.place_code, 1::bigint AS homes, EXISTS (
      SELECT FROM household_member WHERE household_id = hh.id AND user_id = _actor AND left_at IS NULL) AS own INTO h
    FROM household hh WHERE hh.id = _household AND EXISTS (
      SELECT FROM campaign_place p WHERE p.campaign_id = c.id AND starts_with(hh.place_code, p.place_code));
  END IF;
  IF h.id IS NULL THEN PERFORM refuse('household_missing'); END IF;
  IF h.homes > 1 THEN PERFORM refuse('which_household'); END IF;

  -- For oneself; for one who has agreed for good; or on behalf, with the consent given for this order.
  IF h.own THEN
    basis := 'own';
  ELSIF EXISTS (SELECT FROM consent WHERE household_id = h.id AND given_to = _actor AND withdrawn_at IS NULL
                AND until > clock_timestamp()) THEN
    basis := 'standing';
  ELSIF holds(_actor, wish -> 'ordering_for_others', h.place_code) THEN
    basis := wish ->> 'consent';
    IF basis IS NULL THEN PERFORM refuse('consent_needed'); END IF;
  ELSE
    PERFORM refuse('household_missing');  -- a stranger's answers as a missing one
  END IF;

  -- The price is the campaign's own.
  SELECT sum(l.quantity::bigint * t.price_fen), sum(l.quantity::bigint * t.subsidy_fen), array_agg(t.cap ORDER BY t.id),
    jsonb_agg(jsonb_build_object('item_id', t.id, 'name', t.name, 'share_label', t.share_label,
      'quantity', l.quantity, 'price_fen', t.price_fen, 'subsidy_fen', t.subsidy_fen,
      'substitution', l.substitution) ORDER BY t.id)
    INTO total, subsidy, caps, lines
  FROM unnest(_items, _quantities, _substitutions) l (item, quantity, substitution)
  JOIN campaign_item t ON t.id = l.item AND t.campaign_id = c.id;
  IF cardinality(caps) IS DISTINCT FROM cardinality(_items) THEN PERFORM refuse('item_missing'); END IF;
  due := total - subsidy;

  IF wish ->> 'delivery' = 'door' AND NOT c.allows_door THEN PERFORM refuse('no_door_delivery'); END IF;
  IF _terms = 'on_delivery' THEN
    IF NOT c.allows_on_delivery THEN PERFORM refuse('no_pay_on_delivery'); END IF;
    first_status := 'on_delivery';
  ELSIF _terms = 'sponsored' THEN
    IF NOT holds(_actor, wish -> 'sponsoring', h.place_code) THEN PERFORM refuse('no_sponsoring'); END IF;
    IF basis IN ('own', 'standing') THEN PERFORM refuse('sponsoring_oneself'); END IF;
    first_status := 'sponsored';
    sponsored := due;
    due := 0;
  ELSIF due = 0 THEN
    first_status := 'paid';
  ELSE
    pay_until := date_trunc('second', clock_timestamp()) + c.pay_minutes * interval '1 minute';
  END IF;

  -- The order, its record, and what it means in the ledger: one statement.
  WITH placed AS (
    INSERT INTO group_order (id, campaign_id, household_id, place_code, status, terms, delivery, placed_by,
      consent_kind, total_fen, subsidy_fen, sponsored_fen, due_fen, pay_by)
    VALUES (_order, c.id, h.id, h.place_code, first_status, _terms, wish ->> 'delivery', _actor,
      nullif(basis, 'own'), total, subsidy, sponsored, due, pay_until)
  ), recorded AS (
    INSERT INTO audit_event (id, subject_type, subject_id, action, new, actor_id, on_behalf_of, place_code, request_id,
      details)
    VALUES ((wish ->> 'audit')::uuid, 'order', _order, 'place', first_status, _actor,
      CASE WHEN basis <> 'own' THEN h.id END, h.place_code, wish ->> 'request', jsonb_build_object('basis', basis))
  ), booked AS (
    INSERT INTO ledger_transaction (id, kind, book_id, subject_id, actor_id)
    VALUES ((wish ->> 'ledger')::uuid, 'order_placed', c.id, _order, _actor)
  )
  INSERT INTO ledger_entry (transaction_id, line, account, owner, amount_fen)
  SELECT (wish ->> 'ledger')::uuid, e.line, e.account, e.owner, e.fen FROM (
    VALUES (1, 'household', h.id::text, due), (2, 'fund', left(h.place_code, 12), sponsored),
      (3, 'subsidy', left(c.place_code, 6), subsidy), (4, 'campaign', c.id::text, -total)) e (line, account, owner, fen)
  WHERE e.fen <> 0;

  FOR n IN 1 .. cardinality(_items) LOOP
    -- The cap: one row per household and item, so that two orders of one household cannot both find room.
    INSERT INTO household_share AS s (household_id, item_id, quantity)
    SELECT h.id, _items[n], _quantities[n] WHERE _quantities[n] <= caps[n]
    ON CONFLICT (household_id, item_id) DO UPDATE SET quantity = s.quantity + EXCLUDED.quantity
    WHERE s.quantity + EXCLUDED.quantity <= caps[n];
    IF NOT FOUND THEN
      PERFORM refuse('over_cap', jsonb_build_object('name', t.name, 'label', t.share_label, 'cap', t.cap, 'have',
        coalesce((SELECT quantity FROM household_share WHERE household_id = h.id AND item_id = t.id), 0)))
      FROM campaign_item t WHERE t.id = _items[n];
    END IF;
  END LOOP;

  FOR n IN 1 .. cardinality(_items) LOOP
    -- In one statement with its item, so that the line's foreign key looks at a row this transaction already holds.
    WITH taken AS (
      UPDATE campaign_item SET available = available - _quantities[n],
        reserved = reserved + CASE WHEN first_status = 'awaiting_payment' THEN _quantities[n] ELSE 0 END,
        sold = sold + CASE WHEN first_status = 'awaiting_payment' THEN 0 ELSE _quantities[n] END
      WHERE id = _items[n] AND available >= _quantities[n] RETURNING id, price_fen, subsidy_fen)
    INSERT INTO order_line (order_id, item_id, quantity, price_fen, subsidy_fen, fen, subsidised_fen, substitution)
    SELECT _order, id, _quantities[n], price_fen, subsidy_fen, _quantities[n]::bigint * price_fen,
      _quantities[n]::bigint * subsidy_fen, _substitutions[n] FROM taken;
    IF NOT FOUND THEN
      PERFORM refuse('sold_out', jsonb_build_object('name', name, 'label', share_label, 'left', available))
      FROM campaign_item WHERE id = _items[n];
    END IF;
  END LOOP;

  RETURN jsonb_build_object('id', _order, 'campaign_id', c.id, 'household_id', h.id, 'place_code', h.place_code,
    'status', first_status, 'revision', 1, 'terms', _terms, 'delivery', wish -> 'delivery', 'total_fen', total,
    'subsidy_fen', subsidy, 'sponsored_fen', sponsored, 'due_fen', due, 'pay_by', pay_until,
    'cut_off_at', c.cut_off_at, 'policy', c.policy, 'policy_sentence', c.policy_sentence, 'lines', lines);
END $$;

-- place_order() under an Idempotency-Key. The same key again gets the same answer; a twin that is still at work is
-- waited for (on the key's own lock: the row comes last, with the answer in it; its unique index has the last word).
CREATE FUNCTION place_order_once(_claim uuid, _operation text, _key text, _fingerprint bytea, wish jsonb) RETURNS jsonb
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _actor uuid := wish ->> 'actor';
  earlier idempotency_key;
  placed jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(_key, 0));
  SELECT * INTO earlier FROM idempotency_key WHERE user_id = _actor AND operation = _operation AND key = _key;
  IF FOUND THEN
    IF earlier.fingerprint <> _fingerprint THEN PERFORM refuse('idempotency_key_reused'); END IF;
    RETURN earlier.answer;
  END IF;
  placed := place_order(wish);
  INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint, status, answer)
  VALUES (_claim, _actor, _operation, _key, _fingerprint, 201, placed);
  RETURN placed;
END $$;

-- What was reserved is paid for.
CREATE FUNCTION sell(_orders uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE line record;
BEGIN
  FOR line IN SELECT item_id, sum(quantity)::integer AS shares FROM order_line WHERE order_id = ANY (_orders)
              GROUP BY item_id ORDER BY item_id LOOP
    UPDATE campaign_item SET reserved = reserved - line.shares, sold = sold + line.shares WHERE id = line.item_id;
  END LOOP;
END $$;

-- The shares of orders that are over are free again: `_reserved` those never paid, `_sold` those that were.
CREATE FUNCTION give_back(_reserved uuid[], _sold uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE line record;
BEGIN
  FOR line IN SELECT item_id, coalesce(sum(quantity) FILTER (WHERE order_id = ANY (_reserved)), 0)::integer AS reserved,
                     coalesce(sum(quantity) FILTER (WHERE order_id = ANY (_sold)), 0)::integer AS sold
              FROM order_line WHERE order_id = ANY (_reserved || _sold) GROUP BY item_id ORDER BY item_id LOOP
    UPDATE campaign_item SET available = available + line.reserved + line.sold, reserved = reserved - line.reserved,
      sold = sold - line.sold WHERE id = line.item_id;
  END LOOP;
END $$;
