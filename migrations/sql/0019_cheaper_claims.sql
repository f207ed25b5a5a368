-- A claim costs less, and goes by the same rules. What it cost was measured in instructions (callgrind, PostgreSQL 18):
-- PostgreSQL reads the text of every CHECK of a table anew in every statement that writes it (a third of a claim), and
-- sets up each aggregate of a query each time (another quarter). So: one short CHECK, whose function is compiled once a
-- connection; and loops over the few rows a volunteer has.

-- Whether a claim's columns agree with its status.
CREATE FUNCTION claim_is_sound(c task_claim) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN c.status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified', 'declined', 'lease_expired',
      'released', 'handed_over', 'failed', 'no_show', 'cancelled')
    AND (c.status IN ('claimed', 'assigned', 'accepted', 'in_progress')) = (c.lease_until IS NOT NULL)
    AND (c.status NOT IN ('in_progress', 'done', 'verified') OR c.started_at IS NOT NULL)
    AND (c.status IN ('done', 'verified')) = (c.done_at IS NOT NULL)
    AND (c.status = 'failed') = (c.failure IS NOT NULL)
    AND (c.status = 'handed_over') = (c.handed_to IS NOT NULL)
    AND c.ends_at > c.starts_at AND c.done_at >= c.started_at AND c.extensions BETWEEN 0 AND 2;
END $$;

-- Whether a task is within its bounds, its slots among them.
CREATE FUNCTION task_is_sound(t task) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN t.taken BETWEEN 0 AND t.capacity AND t.ends_at > t.starts_at AND t.minutes BETWEEN 1 AND 1440
    AND t.lease_minutes BETWEEN 5 AND 1440 AND t.urgency BETWEEN 0 AND 9 AND least(t.grams, t.heaviest) >= 0
    AND (NOT t.needs_pair OR t.capacity > 1) AND num_nulls(t.origin_type, t.origin_id, t.origin_key) IN (0, 3)
    AND t.status IN ('open', 'held', 'closed', 'cancelled', 'lapsed');
END $$;

ALTER TABLE task_claim DROP CONSTRAINT ck_task_claim_bounds, DROP CONSTRAINT ck_task_claim_done,
  DROP CONSTRAINT ck_task_claim_failed_because, DROP CONSTRAINT ck_task_claim_handed_to_someone,
  DROP CONSTRAINT ck_task_claim_live_has_a_lease, DROP CONSTRAINT ck_task_claim_started,
  DROP CONSTRAINT ck_task_claim_status, ADD CONSTRAINT ck_task_claim_sound CHECK (claim_is_sound(task_claim));
ALTER TABLE task DROP CONSTRAINT ck_task_bounds, DROP CONSTRAINT ck_task_taken,
  ADD CONSTRAINT ck_task_sound CHECK (task_is_sound(task));

-- Whether this volunteer may take this task: the one place where it is decided, for a claim, an assignment, a hand-over
-- and the list. `code` says why not, null that they may, in the time from `begins` to `ends`. limits: the roles that
-- take tasks, the kinds of work that are over when their hour is, the numbers of the rest guard (volunteering/rest.py).
-- `assigned`: somebody else wishes it: within the hours the volunteer has given, on no day of their leave, and they have
-- still to say that they are well. Who takes it themselves knows best when they are free. `swap`: the slot is another's,
-- who hands it over.
CREATE OR REPLACE FUNCTION may_take(v volunteer, t task, limits jsonb, assigned boolean, swap boolean,
  OUT code text, OUT more jsonb, OUT begins timestamptz, OUT ends timestamptz) LANGUAGE plpgsql STABLE AS $$
DECLARE
  _now timestamptz := date_trunc('second', clock_timestamp());
  _today date := (_now AT TIME ZONE 'Asia/Shanghai')::date;
  _first timestamptz := greatest(t.starts_at, _now);
  _minutes integer := t.minutes;
  _span interval;
  _most integer := least(v.minutes_a_day, (limits ->> 'minutes_a_day')::integer);
  _opens time := CASE WHEN assigned AND NOT swap THEN v.free_from END;
  _day date;
  _latest timestamptz;
  takes boolean; has_role boolean; resting boolean; fit boolean; shut_out boolean;
  held record;
  _starts timestamptz[]; _ends timestamptz[]; days date[];
  lasted integer; given integer := 0; crowded boolean := false;
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
  _span := _minutes * interval '1 minute';

  -- Who they are: a post at a place that covers this one, the buildings they may enter, what they can carry, how high.
  -- And how they are today. One statement for all of it, with nothing in it that only some tasks ask: a plan made for
  -- each of them anew would cost more than what it leaves out.
  SELECT EXISTS (SELECT FROM role_assignment r WHERE r.user_id = v.user_id AND r.ended_at IS NULL
      AND (r.until IS NULL OR r.until > _now) AND limits -> 'claiming' ? r.role),
    EXISTS (SELECT FROM role_assignment r WHERE r.user_id = v.user_id AND r.ended_at IS NULL
      AND (r.until IS NULL OR r.until > _now) AND r.role = t.role AND starts_with(t.place_code, r.place_code)),
    EXISTS (SELECT FROM stand_down s WHERE s.volunteer_id = v.id),
    (SELECT f.fit FROM fitness f WHERE f.volunteer_id = v.id AND f.day = _today),
    EXISTS (SELECT FROM volunteer_place p WHERE p.volunteer_id = v.id) AND NOT EXISTS (
      SELECT FROM volunteer_place p WHERE p.volunteer_id = v.id AND starts_with(t.place_code, p.place_code))
    INTO takes, has_role, resting, fit, shut_out;
  IF NOT takes THEN code := 'no_post'; RETURN; END IF;
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

  -- The first gap in their day (in their hours) that is long enough: whatever is in the way moves it to its own end.
  begins := _first;
  FOR held IN SELECT c.starts_at, c.ends_at, c.lease_until IS NOT NULL AS live, c.status FROM task_claim c
           WHERE c.volunteer_id = v.id AND c.ends_at > _first - interval '9 days' ORDER BY c.ends_at LOOP
    IF held.live AND held.ends_at > begins AND held.starts_at < begins + _span THEN
      begins := held.ends_at;
    END IF;
    IF held.status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified') THEN
      _starts := _starts || held.starts_at;
      _ends := _ends || held.ends_at;
    END IF;
  END LOOP;
  IF _opens IS NOT NULL THEN
    SELECT min(c.at) INTO begins FROM (
      SELECT _first UNION ALL
      SELECT o.ends_at FROM task_claim o
      WHERE o.volunteer_id = v.id AND o.ends_at > _first AND o.lease_until IS NOT NULL UNION ALL
      SELECT ((_first AT TIME ZONE 'Asia/Shanghai')::date + n + _opens) AT TIME ZONE 'Asia/Shanghai'
      FROM generate_series(0, 7) n
    ) c (at)
    WHERE c.at >= _first AND c.at + _span <= _latest + interval '1 second'
      AND outside_hours(v, c.at, c.at + _span) IS FALSE
      AND NOT EXISTS (SELECT FROM task_claim o WHERE o.volunteer_id = v.id AND o.lease_until IS NOT NULL
        AND o.ends_at > c.at AND o.starts_at < c.at + _span);
  ELSIF begins > _first AND begins + _span > _latest + interval '1 second' THEN
    begins := NULL;
  END IF;
  IF begins IS NULL THEN code := CASE WHEN _opens IS NULL THEN 'overlap' ELSE 'outside_hours' END; RETURN; END IF;
  ends := begins + _span;
  _day := (begins AT TIME ZONE 'Asia/Shanghai')::date;
  IF v.withdraws_on <= _day THEN code := 'withdrawn'; RETURN; END IF;
  IF assigned AND NOT swap AND EXISTS (SELECT FROM compensatory_leave l WHERE l.user_id = v.user_id AND l.day = _day) THEN
    code := 'on_leave'; RETURN;
  END IF;

  -- What they have given and promised in the days around.
  FOR n IN 1 .. coalesce(cardinality(_starts), 0) LOOP
    lasted := extract(epoch FROM _ends[n] - _starts[n]) / 60;
    days := days || (_starts[n] AT TIME ZONE 'Asia/Shanghai')::date;
    IF days[n] = _day THEN given := given + lasted; END IF;
    IF greatest(lasted, _minutes) >= (limits ->> 'long_shift')::integer
      AND _starts[n] < ends + (limits ->> 'rest')::integer * interval '1 minute'
      AND begins < _ends[n] + (limits ->> 'rest')::integer * interval '1 minute' THEN
      crowded := true;
    END IF;
  END LOOP;
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
