\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- What the claims of a credential add to one session: reading the named tables, and nothing else (behaviours 10, 11).
--
-- PostgreSQL knows no privileges of one session; it knows roles. A session with claims therefore goes on as a reader:
-- a role without login that inherits everything from the session's role and may read the tables besides. The reader
-- can be taken by nobody else: the membership that SET ROLE asks for is granted and revoked again inside the one
-- transaction that takes it, so that no other session ever sees it.
--
-- Only the gateway can open that transaction. It gives the session the SHA-256 of a random secret in a setting of its
-- opening, and calls databricks_open_claims with the secret before the client gets a word in.

-- Taken while a reader is made, because two GRANTs on one table at once fail.
CREATE TABLE databricks_auth.making_of_readers ();

-- The reader of the session's role for the tables of the session's claims, made if there is none, with the membership
-- that lets the session become it.
CREATE FUNCTION public.databricks_lend_claims(secret text, OUT reader pg_catalog.name)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  claims CONSTANT pg_catalog.jsonb := databricks_auth.opening_value('claims')::pg_catalog.jsonb;
  own_role pg_catalog.oid;
  wanted record;
  relations pg_catalog.oid[] := '{}';
  relation pg_catalog.oid;
BEGIN
  SELECT role.oid INTO own_role
    FROM pg_catalog.pg_shseclabel AS label
    JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'
     AND role.rolname = session_user;
  IF own_role IS NULL OR secret IS NULL OR (
    claims ->> 'lock' = pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(secret, 'UTF8')), 'hex')) IS NOT TRUE THEN
    RAISE EXCEPTION 'permission denied to take claims'
      USING ERRCODE = '42501', HINT = 'Claims are taken once, by the gateway, when it opens the session.';
  END IF;
  FOR wanted IN SELECT step ->> 0 AS schema_name, step ->> 1 AS table_name
                  FROM pg_catalog.jsonb_array_elements(claims -> 'tables') AS step LOOP
    SELECT class.oid INTO relation
      FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
     WHERE namespace.nspname = wanted.schema_name AND class.relname = wanted.table_name
       AND class.relkind IN ('r', 'p', 'v', 'm', 'f') AND namespace.nspname !~ '^(pg_|information_schema$|databricks_auth$)';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'relation "%.%" does not exist', wanted.schema_name, wanted.table_name
        USING ERRCODE = '42P01', DETAIL = 'The claims of the token name it.',
              HINT = 'Mint a token without it, or register the table anew.';
    END IF;
    relations := relations || relation;
  END LOOP;
  relations := ARRAY(SELECT DISTINCT oid FROM pg_catalog.unnest(relations) AS oid ORDER BY oid);
  reader := pg_catalog.format('databricks_claims_%s_%s', own_role, pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(
    pg_catalog.convert_to(pg_catalog.current_database() || relations::text, 'UTF8')), 'hex'), 16));
  LOCK TABLE databricks_auth.making_of_readers IN EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = reader) THEN
    EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN INHERIT', reader);
  END IF;
  FOREACH relation IN ARRAY relations LOOP
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I',
      (SELECT namespace.nspname FROM pg_catalog.pg_class AS class
         JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace WHERE class.oid = relation), reader);
    EXECUTE pg_catalog.format('GRANT SELECT ON %s TO %I', relation::pg_catalog.regclass, reader);
  END LOOP;
  -- Never both ways at once: a role cannot be a member of its own member.
  EXECUTE pg_catalog.format('REVOKE %I FROM %I', session_user, reader);
  EXECUTE pg_catalog.format('GRANT %I TO %I WITH ADMIN FALSE, INHERIT FALSE, SET TRUE', reader, session_user);
END $$;

-- Takes the membership back. Whoever calls it can only lose by it.
CREATE FUNCTION public.databricks_return_claims(reader pg_catalog.name) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF pg_catalog.current_setting('role') IS DISTINCT FROM reader::text
     OR NOT pg_catalog.starts_with(reader::text, pg_catalog.format('databricks_claims_%s_',
       (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))) THEN
    RAISE EXCEPTION 'permission denied to return claims' USING ERRCODE = '42501';
  END IF;
  EXECUTE pg_catalog.format('REVOKE %I FROM %I', reader, session_user);
  EXECUTE pg_catalog.format('GRANT %I TO %I WITH ADMIN FALSE, INHERIT TRUE, SET TRUE', session_user, reader);
END $$;

-- With the rights of the session, because SET ROLE is not for functions with the rights of another.
CREATE FUNCTION public.databricks_open_claims(secret text) RETURNS void
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reader CONSTANT pg_catalog.name := public.databricks_lend_claims(secret);
BEGIN
  PERFORM pg_catalog.set_config('role', reader::text, false);
  PERFORM public.databricks_return_claims(reader);
END $$;

-- What a session with claims creates belongs to its role, as it would without claims.
CREATE FUNCTION databricks_auth.keep_ownership() RETURNS event_trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made record;
BEGIN
  IF NOT pg_catalog.starts_with(current_user::text, 'databricks_claims_') THEN RETURN; END IF;
  FOR made IN
    SELECT DISTINCT object_type, object_identity FROM pg_catalog.pg_event_trigger_ddl_commands()
     WHERE command_tag ~ '^(CREATE|SELECT INTO)' AND NOT in_extension
       AND object_type IN ('table', 'view', 'materialized view', 'foreign table', 'sequence', 'schema', 'function',
                           'procedure', 'aggregate', 'type', 'domain') LOOP
    EXECUTE pg_catalog.format('ALTER %s %s OWNER TO %I', made.object_type, made.object_identity, session_user);
  END LOOP;
END $$;
CREATE EVENT TRIGGER databricks_keep_ownership ON ddl_command_end EXECUTE FUNCTION databricks_auth.keep_ownership();
