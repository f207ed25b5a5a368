-- Taking a task is one statement, and that statement is one transaction. What is refused is raised (see refuse() of
-- 0004), so that nothing of it stays. The volunteer's row is held first: nobody takes two tasks at the same hour. The
-- task's row, which everyone wants, comes last: its lock lives no longer than the commit.

-- Whether a time lies outside the hours of the day that a volunteer has given; null where they gave none.
CREATE FUNCTION outside_hours(v volunteer, begins timestamptz, ends timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT (begins AT TIME ZONE 'Asia/Shanghai')::time < v.free_from
    OR ends AT TIME ZONE 'Asia/Shanghai' > (begins AT TIME ZONE 'Asia/Shanghai')::date + v.free_until
$$;

-- Whether this volunteer may take this task: the one place where it is decided, for a claim, an assignment, a hand-over
-- and the list. `code` says why not, null that they may, in the time from `begins` to `ends`. limits: the roles that
-- take tasks, the kinds of work that are over when their hour is, the numbers of the rest guard (volunteering/rest.py).
-- `assigned`: somebody else wishes it: within the hours the volunteer has given, on no day of their leave, and they have
-- still to say that they are well. Who takes it themselves knows best when they are free. `swap`: the slot is another's, who hands it over.
CREATE FUNCTION may_take(v volunteer, t task, limits jsonb, assigned boolean, swap boolean,
  OUT code text, OUT more jsonb, OUT begins timestamptz, OUT ends timestamptz) LANGUAGE plpgsql STABLE AS $$
DECLARE
  _now timestamptz := date_trunc('second', clock_timestamp());
  _today date := (_now AT TIME ZONE 'Asia/Shanghai')::date;
  _first timestamptz := greatest(t.starts_at, _now);
  _minutes integer := t.minutes;
  _most integer := least(v.minutes_a_day, (limits ->> 'minutes_a_day')::integer);
  _opens time := CASE WHEN assigned AND NOT swap THEN v.free_from END;
  _day date;
  _latest timestamptz;
  takes boolean; has_role boolean; resting boolean; fit boolean; shut_out boolean; busy boolean;
  given integer := 0; crowded boolean; days date[];
  run integer := 1;
BEGIN
  more := '{}';
  IF left(t.place_code, 12) <> left(v.base_code, 12) THEN code := 'task_missing'; RETURN; END IF;
  IF t.status <> 'open' THEN code := 'not_open'; RETURN; END IF;
  IF t.taken >= t.capacity AND NOT swap THEN code := 'taken'; RETURN; END IF;

  -- The time it takes, and until when it has to be begun.
  IF limits -> 'of_the_hour' ? t.kind THEN
    IF t.ends_at <= _now THEN code := 'over'; RETURN; END IF;
    _minutes := least(_minutes, ceil(extract(epoch FROM t.ends_at - _first) / 60)::integer);
    _latest := t.ends_at;
  ELSE
    _latest := greatest(t.ends_at, _first + _minutes * interval '1 minute');
  END IF;

  -- Who they are: a post at a place that covers this one, the buildings they may enter, what they can carry, how high.
  -- And how they are today. One statement for all of it.
  SELECT bool_or(limits -> 'claiming' ? r.role), bool_or(r.role = t.role AND starts_with(t.place_code, r.place_code)),
    EXISTS (SELECT FROM stand_down s WHERE s.volunteer_id = v.id),
    (SELECT f.fit FROM fitness f WHERE f.volunteer_id = v.id AND f.day = _today),
    (SELECT bool_and(NOT starts_with(t.place_code, p.place_code)) FROM volunteer_place p WHERE p.volunteer_id = v.id)
    INTO takes, has_role, resting, fit, shut_out
  FROM role_assignment r WHERE r.user_id = v.user_id AND r.ended_at IS NULL AND (r.until IS NULL OR r.until > _now);
  IF NOT coalesce(takes, false) THEN code := 'no_post'; RETURN; END IF;
  IF t.role IS NOT NULL AND NOT has_role THEN
    code := 'role_needed'; more := jsonb_build_object('role', t.role); RETURN;
  END IF;
  IF length(t.place_code) >= 20 AND shut_out THEN code := 'may_not_enter'; RETURN; END IF;
  IF t.floor > v.max_floor THEN code := 'too_high'; more := jsonb_build_object('floor', t.floor); RETURN; END IF;
  IF t.heaviest > v.carry_grams THEN
    code := 'too_heavy'; more := jsonb_build_object('kg', round(t.heaviest / 1000.0, 1)); RETURN;
  END IF;
  IF resting THEN code := 'resting'; RETURN; END IF;
  IF NOT fit THEN code := 'not_fit'; RETURN; END IF;
  IF fit IS NULL AND NOT assigned THEN code := 'health_unknown'; RETURN; END IF;

  -- The first gap in their day (in their hours) that is long enough. Who has nothing around has room.
  begins := _first;
  busy := EXISTS (SELECT FROM task_claim o WHERE o.volunteer_id = v.id AND o.ends_at > _first - interval '9 days');
  IF busy OR _opens IS NOT NULL THEN
    SELECT min(c.at) INTO begins FROM (
      SELECT _first UNION ALL
      SELECT o.ends_at FROM task_claim o
      WHERE o.volunteer_id = v.id AND o.ends_at > _first AND o.lease_until IS NOT NULL UNION ALL
      SELECT ((_first AT TIME ZONE 'Asia/Shanghai')::date + n + _opens) AT TIME ZONE 'Asia/Shanghai'
      FROM generate_series(0, 7) n WHERE _opens IS NOT NULL
    ) c (at)
    WHERE c.at >= _first AND c.at + _minutes * interval '1 minute' <= _latest + interval '1 second' AND NOT EXISTS (
      SELECT FROM task_claim o WHERE o.volunteer_id = v.id AND o.lease_until IS NOT NULL AND o.ends_at > c.at
        AND o.starts_at < c.at + _minutes * interval '1 minute')
      AND (_opens IS NULL OR outside_hours(v, c.at, c.at + _minutes * interval '1 minute') IS FALSE);
  END IF;
  IF begins IS NULL THEN code := CASE WHEN _opens IS NULL THEN 'overlap' ELSE 'outside_hours' END; RETURN; END IF;
  ends := begins + _minutes * interval '1 minute';
  _day := (begins AT TIME ZONE 'Asia/Shanghai')::date;
  IF v.withdraws_on <= _day THEN code := 'withdrawn'; RETURN; END IF;
  IF assigned AND NOT swap AND EXISTS (SELECT FROM compensatory_leave l WHERE l.user_id = v.user_id AND l.day = _day) THEN
    code := 'on_leave'; RETURN;
  END IF;

  -- What they have given and promised in the days around.
  IF busy THEN
    SELECT coalesce(sum(w.minutes) FILTER (WHERE w.day = _day), 0),
      bool_or(greatest(w.minutes, _minutes) >= (limits ->> 'long_shift')::integer
        AND w.starts_at < may_take.ends + (limits ->> 'rest')::integer * interval '1 minute'
        AND begins < w.ends_at + (limits ->> 'rest')::integer * interval '1 minute'),
      array_agg(w.day)
      INTO given, crowded, days
    FROM (SELECT o.starts_at, o.ends_at, (extract(epoch FROM o.ends_at - o.starts_at) / 60)::integer AS minutes,
            (o.starts_at AT TIME ZONE 'Asia/Shanghai')::date AS day
          FROM task_claim o WHERE o.volunteer_id = v.id AND o.status IN
            ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified')
            AND o.ends_at > begins - interval '9 days' AND o.starts_at < begins + interval '9 days') w;
  END IF;
  IF given + _minutes > _most THEN
    code := 'enough_today'; more := jsonb_build_object('given', given, 'most', _most); RETURN;
  END IF;
  IF crowded THEN
    code := 'too_soon'; more := jsonb_build_object('hours', (limits ->> 'rest')::integer / 60); RETURN;
  END IF;
  IF _day = ANY (days) THEN RETURN; END IF;
  FOR n IN 1 .. (limits ->> 'days_in_a_row')::integer LOOP
    EXIT WHEN NOT coalesce(_day - n = ANY (days), false);
    run := run + 1;
  END LOOP;
  FOR n IN 1 .. (limits ->> 'days_in_a_row')::integer LOOP
    EXIT WHEN NOT coalesce(_day + n = ANY (days), false);
    run := run + 1;
  END LOOP;
  IF run > (limits ->> 'days_in_a_row')::integer THEN
    code := 'day_of_rest'; more := jsonb_build_object('days', (limits ->> 'days_in_a_row')::integer);
  END IF;
END $$;

-- Of all that may be in the way, that they hold it themselves is said first.
CREATE FUNCTION refuse_theirs(_task uuid, _volunteer uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM task_claim WHERE task_id = _task AND volunteer_id = _volunteer
             AND status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified')) THEN
    PERFORM refuse('already_yours');
  END IF;
END $$;

-- Takes a task within the caller's transaction. The wish, made by the application: claim, audit (new ids), task,
-- volunteer (null: the actor themselves), actor, action, the first status, swap (true: the slot of one who hands over),
-- request, limits.
-- Every row is found by its key, hence no sequential scans: see place_order().
CREATE FUNCTION take_task(wish jsonb) RETURNS jsonb LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _actor uuid := wish ->> 'actor';
  _status text := wish ->> 'status';
  _swap boolean := coalesce((wish ->> 'swap')::boolean, false);
  _now timestamptz;
  v volunteer;
  t task;
  m record;
  _lease timestamptz;
BEGIN
  IF wish ->> 'volunteer' IS NULL THEN
    SELECT w.* INTO v FROM volunteer w JOIN app_user u ON u.id = w.user_id
    WHERE w.user_id = _actor AND w.left_at IS NULL AND u.active FOR NO KEY UPDATE OF w;
  ELSE
    SELECT w.* INTO v FROM volunteer w JOIN app_user u ON u.id = w.user_id
    WHERE w.id = (wish ->> 'volunteer')::uuid AND w.left_at IS NULL AND u.active FOR NO KEY UPDATE OF w;
  END IF;
  IF v.id IS NULL THEN
    PERFORM refuse(CASE WHEN NOT EXISTS (SELECT FROM app_user WHERE id = _actor AND active) THEN 'unknown_user'
                        WHEN wish ->> 'volunteer' IS NULL THEN 'forbidden' ELSE 'volunteer_missing' END);
  END IF;
  SELECT * INTO t FROM task WHERE id = (wish ->> 'task')::uuid;
  IF t.id IS NULL THEN PERFORM refuse('task_missing'); END IF;
  SELECT * INTO m FROM may_take(v, t, wish -> 'limits', _status = 'assigned', _swap);
  IF m.code IS NOT NULL THEN
    PERFORM refuse_theirs(t.id, v.id);
    PERFORM refuse(m.code, m.more);
  END IF;

  _now := clock_timestamp();
  _lease := greatest(_now, CASE WHEN _status = 'in_progress' THEN m.ends ELSE m.begins END)
    + t.lease_minutes * interval '1 minute';
  INSERT INTO audit_event (id, subject_type, subject_id, action, new, actor_id, on_behalf_of, lane, place_code,
    request_id, details)
  VALUES ((wish ->> 'audit')::uuid, 'task_claim', (wish ->> 'claim')::uuid, wish ->> 'action', _status, _actor,
    nullif(v.user_id, _actor), CASE WHEN v.user_id = _actor THEN 'work' END, t.place_code, wish ->> 'request',
    jsonb_build_object('task', t.id));
  WITH slot AS (
    UPDATE task SET taken = taken + 1 WHERE id = t.id AND status = 'open' AND taken < capacity AND NOT _swap
    RETURNING id
  )
  INSERT INTO task_claim (id, task_id, volunteer_id, place_code, status, starts_at, ends_at, lease_until, claimed_at,
    started_at)
  SELECT (wish ->> 'claim')::uuid, t.id, v.id, t.place_code, _status, m.begins, m.ends, _lease, _now,
    CASE WHEN _status = 'in_progress' THEN _now END
  WHERE _swap OR EXISTS (SELECT FROM slot)
  ON CONFLICT (task_id, volunteer_id)
    WHERE status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified') DO NOTHING;
  IF NOT FOUND THEN
    PERFORM refuse_theirs(t.id, v.id);
    PERFORM refuse('taken');
  END IF;
  RETURN jsonb_build_object('id', wish ->> 'claim', 'task_id', t.id, 'volunteer_id', v.id, 'place_code', t.place_code,
    'kind', t.kind, 'title', t.title, 'status', _status, 'revision', 1, 'starts_at', m.begins, 'ends_at', m.ends,
    'lease_until', _lease, 'claimed_at', _now);
END $$;

-- take_task() under an Idempotency-Key: see place_order_once().
CREATE FUNCTION claim_task_once(_claim uuid, _operation text, _key text, _fingerprint bytea, wish jsonb) RETURNS jsonb
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  _actor uuid := wish ->> 'actor';
  earlier idempotency_key;
  claimed jsonb;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(_key, 0));
  SELECT * INTO earlier FROM idempotency_key WHERE user_id = _actor AND operation = _operation AND key = _key;
  IF FOUND THEN
    IF earlier.fingerprint <> _fingerprint THEN PERFORM refuse('idempotency_key_reused'); END IF;
    RETURN earlier.answer;
  END IF;
  claimed := take_task(wish);
  INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint, status, answer)
  VALUES (_claim, _actor, _operation, _key, _fingerprint, 201, claimed);
  RETURN claimed;
END $$;

-- When a task is free again because somebody could not, others are asked in turn, every ten minutes more of them: who
-- sets out from the same building (0), who holds the same role (1), the building head (2), the coordinator (3). Null:
-- never. Anyone may take it meanwhile.
CREATE FUNCTION ladder_rung(v volunteer, t task) RETURNS smallint LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF left(v.base_code, 12) <> left(t.place_code, 12) THEN RETURN NULL; END IF;
  IF length(t.place_code) > 12 AND starts_with(v.base_code, left(t.place_code, 20)) THEN RETURN 0; END IF;
  RETURN (SELECT min(CASE WHEN r.role = t.role THEN 1 WHEN r.role = 'building_head' THEN 2
                          WHEN r.role = 'coordinator' THEN 3 END)
    FROM role_assignment r WHERE r.user_id = v.user_id AND r.ended_at IS NULL
      AND (r.until IS NULL OR r.until > clock_timestamp()) AND starts_with(t.place_code, r.place_code));
END $$;

-- What a volunteer can do now: the tasks of their community, nearest first, then the most urgent, each with the answer
-- of may_take(). One range of one index, however many tasks the city has; and of it no more than `at_most`, those first
-- that ask for no post, floor or strength they lack, so that fifty of another's tasks do not hide the one that is theirs.
CREATE FUNCTION tasks_for(_user uuid, limits jsonb, at_most integer) RETURNS TABLE (
  id uuid, place_code text, place_name text, kind text, title text, role text, capacity integer, taken integer,
  urgency smallint, starts_at timestamptz, ends_at timestamptz, minutes smallint, grams integer, floor smallint,
  needs_pair boolean, ring integer, asked boolean, code text, more jsonb, begins timestamptz, unusual boolean)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
  WITH me AS MATERIALIZED (
    SELECT v, v.id, v.base_code, v.max_floor, v.carry_grams,
      ARRAY(SELECT r.role FROM role_assignment r WHERE r.user_id = v.user_id AND r.ended_at IS NULL) AS roles
    FROM volunteer v WHERE v.user_id = _user AND v.left_at IS NULL),
  near AS MATERIALIZED (
    SELECT t,
      coalesce(t.role <> ALL (me.roles) OR t.floor > me.max_floor OR t.heaviest > me.carry_grams, false) AS hopeless,
      CASE WHEN length(t.place_code) = 24 AND starts_with(me.base_code, t.place_code) THEN 0
           WHEN length(t.place_code) >= 20 AND starts_with(me.base_code, left(t.place_code, 20)) THEN 1
           WHEN length(t.place_code) >= 16 AND starts_with(me.base_code, left(t.place_code, 16)) THEN 2
           ELSE 3 END AS ring
    FROM me JOIN task t ON t.place_code >= left(me.base_code, 12) AND t.place_code < left(me.base_code, 12) || '~'
    WHERE t.status = 'open' AND t.taken < t.capacity
      AND (t.ends_at > clock_timestamp() OR NOT limits -> 'of_the_hour' ? t.kind)
      AND NOT EXISTS (SELECT FROM task_claim c WHERE c.task_id = t.id AND c.volunteer_id = me.id
        AND c.status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified'))
    ORDER BY hopeless, ring, t.urgency DESC, t.starts_at, t.id LIMIT at_most),
  told AS (
    SELECT (n.t).*, n.ring, m.code, m.more, m.begins,
      coalesce(outside_hours(me.v, m.begins, m.ends), false) AS unusual,
      (n.t).freed_at IS NOT NULL AND coalesce(clock_timestamp() - (n.t).freed_at
        >= ladder_rung(me.v, n.t) * interval '10 minutes', false) AS asked
    FROM near n, me, LATERAL may_take(me.v, n.t, limits, false, false) m)
  SELECT o.id, o.place_code,
    (SELECT string_agg(p.name, '' ORDER BY p.code) FROM place p
     WHERE p.code IN (left(o.place_code, 16), left(o.place_code, 20), o.place_code) AND
       (length(p.code) > 12 OR p.code = o.place_code)),
    o.kind, o.title, o.role, o.capacity, o.taken, o.urgency, o.starts_at, o.ends_at, o.minutes, o.grams, o.floor,
    o.needs_pair, o.ring, o.asked, o.code, o.more, o.begins, o.unusual
  FROM told o ORDER BY o.code IS NOT NULL, o.asked DESC, o.ring, o.urgency DESC, o.starts_at, o.id
$$;
