\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- Whose rights count.
--
-- PostgreSQL runs code as the owner of a table or function inside other people's sessions: index expressions under
-- ANALYZE and autovacuum, materialized views, SECURITY DEFINER functions. It judges such code by current_user, which
-- a SECURITY DEFINER function of ours cannot see: in it, current_user is its own owner. Hence two steps:
--   1. What the user calls runs with the caller's rights, and does there what PostgreSQL itself judges by
--      current_user: it writes the request into the comment of the role. PostgreSQL allows COMMENT ON ROLE to exactly
--      those to whom it allows SECURITY LABEL ON ROLE (check_object_ownership: CREATEROLE, and ADMIN on the role), and
--      CREATE ROLE to those with CREATEROLE.
--   2. A function with the rights of the system finishes what the comment asks for. The comment names the running
--      transaction, so it was written in it, by rights that may.
-- Whoever calls the second step without the first finds no comment, and is refused.
--
-- Besides, nothing happens outside of a session that the gateway opened for an identity: not in autovacuum, not in an
-- apply worker, not in the session of a native password, and not where the session's own role could not do the same.

-- This script takes no lock on a table or view, which an open session could hold against it.
--
-- Nothing that a database's owner made may stand in for what this script means.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Everything in this schema is closed to others, but for the second steps below.
GRANT USAGE ON SCHEMA databricks_auth TO PUBLIC;

-- The role of the session, if the gateway opened it for an identity with a token that has not expired. The ticket is
-- what the gateway gave the session at its opening (databricks_auth.opening_value); databricks_create_role has it
-- verified by the control plane besides.
CREATE FUNCTION databricks_auth.role_of_gateway_session() RETURNS pg_catalog.oid
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  payload jsonb;
  encoded text;
  own_role oid;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS activity
                  WHERE activity.backend_type = 'client backend') THEN
    RAISE EXCEPTION 'databricks_auth works in the sessions of clients only' USING ERRCODE = '42501';
  END IF;
  SELECT role.oid INTO own_role
    FROM pg_catalog.pg_shseclabel AS label JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'
     AND role.rolname = session_user;
  -- RFC 7515, section 3.1: the payload is the second part, base64url without padding.
  encoded := pg_catalog.translate(pg_catalog.split_part(databricks_auth.opening_value('session'), '.', 2), '-_', '+/');
  BEGIN
    payload := pg_catalog.convert_from(
      pg_catalog.decode(encoded || pg_catalog.repeat('=', -pg_catalog.length(encoded) & 3), 'base64'), 'UTF8')::jsonb;
    IF (own_role::text = payload ->> 'role_oid') IS NOT TRUE OR (payload ->> 'exp')::numeric IS NULL THEN
      payload := NULL;
    END IF;
  EXCEPTION WHEN data_exception THEN
    payload := NULL;
  END;
  IF payload IS NULL THEN
    RAISE EXCEPTION 'databricks_auth needs a session that was opened with the token of a Databricks identity'
      USING ERRCODE = '28000',
            HINT = 'Log in with an OAuth token; sessions of a native password or of the pooled endpoint cannot create or bind roles.';
  END IF;
  IF pg_catalog.to_timestamp((payload ->> 'exp')::double precision) <= pg_catalog.clock_timestamp() THEN
    RAISE EXCEPTION 'the OAuth token with which this session was opened has expired'
      USING ERRCODE = '28000', HINT = 'Connect again with a new token and repeat the command.';
  END IF;
  RETURN own_role;
END $$;
REVOKE ALL ON FUNCTION databricks_auth.role_of_gateway_session() FROM PUBLIC;

-- The comment that asks for something, in this transaction.
CREATE FUNCTION databricks_auth.request(VARIADIC words text[]) RETURNS text
  LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.format('databricks_auth %s %s', pg_catalog.pg_current_xact_id(), pg_catalog.to_json(words))
$$;

-- Whether the comment of the role asks for that.
CREATE FUNCTION databricks_auth.is_requested(role pg_catalog.oid, VARIADIC words text[]) RETURNS boolean
  LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_shdescription AS comment
     WHERE comment.objoid = role AND comment.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
       AND comment.description = databricks_auth.request(VARIADIC words))
$$;
REVOKE ALL ON FUNCTION databricks_auth.is_requested(pg_catalog.oid, text[]) FROM PUBLIC;

-- Second step of databricks_set_role_label.
CREATE FUNCTION databricks_auth.finish_label(role_name text, new_label text) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session_role CONSTANT oid := databricks_auth.role_of_gateway_session();
  target record;
BEGIN
  SELECT role.oid, role.rolsuper, role.rolpassword IS NOT NULL AS has_password,
         EXISTS (SELECT FROM pg_catalog.pg_shseclabel AS label
                  WHERE label.objoid = role.oid AND label.provider = 'databricks_auth'
                    AND label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass) AS is_bound
    INTO target FROM pg_catalog.pg_authid AS role WHERE role.rolname = role_name;
  -- Superusers and the roles that the instance was born with are nobody's to bind.
  IF NOT FOUND OR target.rolsuper OR role_name ~ '^(databricks|pg)_'
     OR NOT databricks_auth.is_requested(target.oid, 'label', role_name, new_label)
     OR NOT pg_catalog.pg_has_role(session_role, target.oid, 'MEMBER WITH ADMIN OPTION')
     OR NOT (SELECT role.rolcreaterole OR role.rolsuper FROM pg_catalog.pg_roles AS role WHERE role.oid = session_role) THEN
    RAISE EXCEPTION 'permission denied to label role "%"', role_name
      USING ERRCODE = '42501',
            DETAIL = 'The caller, and the role that the session was opened as, need CREATEROLE and the ADMIN option on the role.';
  END IF;
  PERFORM databricks_auth.write_label(target.oid, new_label);
  -- A member of a bound group can set the password of the group's role. It opened nothing while the role was bound, and
  -- must not begin to now.
  IF new_label IS NULL AND target.is_bound AND target.has_password THEN
    EXECUTE pg_catalog.format('ALTER ROLE %I PASSWORD NULL', role_name);
    RAISE NOTICE 'the password of role "%" is removed together with its label', role_name
      USING HINT = 'Set a new one where the role shall log in by itself.';
  END IF;
END $$;

-- What SECURITY LABEL FOR databricks_auth ON ROLE … IS … would do (behaviour 38): whoever may administer the role sets
-- its label, or clears it with NULL.
CREATE OR REPLACE FUNCTION public.databricks_set_role_label(role_name text, label text) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY INVOKER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target oid;
  comment_before text;
BEGIN
  SELECT role.oid INTO target FROM pg_catalog.pg_roles AS role WHERE role.rolname = role_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'role "%" does not exist', role_name USING ERRCODE = '42704';
  END IF;
  IF label IS NOT NULL AND label !~ '^id=[1-9][0-9]{0,18},type=(USER|SERVICE_PRINCIPAL|GROUP|user|service_principal|group)$' THEN
    RAISE EXCEPTION 'invalid security label "%"', label
      USING ERRCODE = '22023', HINT = 'Write id=<numeric id>,type=USER, SERVICE_PRINCIPAL or GROUP.';
  END IF;
  comment_before := pg_catalog.shobj_description(target, 'pg_authid');
  BEGIN
    EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', role_name, databricks_auth.request('label', role_name, label));
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'permission denied to label role "%"', role_name
      USING ERRCODE = '42501', DETAIL = 'The caller needs CREATEROLE and the ADMIN option on the role.';
  END;
  PERFORM databricks_auth.finish_label(role_name, label);
  EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', role_name, comment_before);
END $$;

-- Second step of databricks_create_role: makes the new role of the caller that of the identity.
CREATE FUNCTION databricks_auth.finish_role(new_role text, identity_name text, identity_type text) RETURNS text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  caller CONSTANT oid := databricks_auth.role_of_gateway_session();
  target oid;
  identity record;
BEGIN
  SELECT role.oid INTO target FROM pg_catalog.pg_roles AS role WHERE role.rolname = new_role;
  IF NOT FOUND OR new_role !~ '^databricks_new_[0-9a-f]{32}$'
     OR NOT databricks_auth.is_requested(target, 'role', identity_name, identity_type) THEN
    RAISE EXCEPTION 'permission denied to create role' USING ERRCODE = '42501';
  END IF;
  -- CREATE ROLE gave ADMIN to whoever made the role.
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members AS membership
                  WHERE membership.roleid = target AND membership.member = caller AND membership.admin_option) THEN
    RAISE EXCEPTION 'permission denied to create role'
      USING ERRCODE = '42501', DETAIL = 'The role of an identity is created as the role that the session was opened as.',
            HINT = 'Leave SET ROLE and functions with the rights of another (SECURITY DEFINER), and call again.';
  END IF;
  -- behaviour 35
  IF NOT pg_catalog.has_database_privilege(caller, pg_catalog.current_database(), 'CREATE') THEN
    RAISE EXCEPTION 'permission denied to create role'
      USING ERRCODE = '42501', DETAIL = 'The caller needs CREATEROLE, and CREATE on the current database.';
  END IF;
  identity := databricks_auth.resolve_identity(identity_name, identity_type);
  IF pg_catalog.octet_length(identity.identity_name) > 63 THEN
    RAISE EXCEPTION 'the name of the identity is longer than the 63 bytes of a role name'
      USING ERRCODE = '22023',
            HINT = 'CREATE ROLE with a shorter name and LOGIN, and bind it with databricks_set_role_label.';
  END IF;
  -- behaviour 34
  IF EXISTS (SELECT FROM pg_catalog.pg_roles AS role WHERE role.rolname = identity.identity_name) THEN
    RAISE EXCEPTION 'role "%" already exists', identity.identity_name
      USING ERRCODE = '42710', HINT = 'Drop the role first, or bind it with databricks_set_role_label.';
  END IF;
  EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS NULL', new_role);
  EXECUTE pg_catalog.format('ALTER ROLE %I RENAME TO %I', new_role, identity.identity_name);
  PERFORM databricks_auth.write_label(target, 'id=' || identity.identity_id || ',type=' || identity.identity_type);
  RETURN identity.identity_name;
END $$;

-- Creates the role of an identity: its name, LOGIN, its label, nothing else (behaviour 31).
CREATE OR REPLACE FUNCTION public.databricks_create_role(identity_name text, identity_type text) RETURNS text
  LANGUAGE plpgsql VOLATILE SECURITY INVOKER PARALLEL UNSAFE
  -- Whoever creates the role administers it, and neither inherits from it nor becomes it.
  SET search_path = pg_catalog, pg_temp SET createrole_self_grant = '' AS $$
DECLARE
  -- Named by its identity as soon as the control plane has said how that is spelled.
  new_role CONSTANT text :=
    'databricks_new_' || pg_catalog.translate(pg_catalog.gen_random_uuid()::text, '-', '');
BEGIN
  IF identity_name IS NULL OR identity_type IS NULL THEN
    RAISE EXCEPTION 'identity name and identity type must not be null' USING ERRCODE = '22023';
  END IF;
  BEGIN
    EXECUTE pg_catalog.format('CREATE ROLE %I LOGIN INHERIT', new_role);
    EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', new_role,
      databricks_auth.request('role', identity_name, identity_type));
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'permission denied to create role'
      USING ERRCODE = '42501', DETAIL = 'The caller needs CREATEROLE, and CREATE on the current database.';
  END;
  RETURN databricks_auth.finish_role(new_role, identity_name, identity_type);
END $$;

DROP FUNCTION databricks_auth.calling_role();

-- Claims (version 1.2) anew: what the gateway calls in a fresh session cannot be replaced by the owner of the database,
-- and a reader is known by a mark that only a superuser can make, not by its name.

-- With what somebody built on them: nothing but the gateway had a use for them, and nobody shall keep them alive.
DROP FUNCTION IF EXISTS public.databricks_open_claims(text) CASCADE;
DROP FUNCTION IF EXISTS public.databricks_lend_claims(text) CASCADE;
DROP FUNCTION IF EXISTS public.databricks_return_claims(pg_catalog.name) CASCADE;

-- The role that a reader reads for; null for every other role. The mark is a security label of another provider, which
-- vanishes with the reader: role=<oid of the role>,tables=<SHA-256 of database and tables>.
CREATE FUNCTION databricks_auth.role_of_reader(reader pg_catalog.name) RETURNS pg_catalog.oid
  LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_catalog.substring(mark.label, '^role=([0-9]+),')::pg_catalog.oid
    FROM pg_catalog.pg_roles AS role
    JOIN pg_catalog.pg_shseclabel AS mark
      ON mark.objoid = role.oid AND mark.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
     AND mark.provider = 'databricks_claims'
   WHERE role.rolname = reader
$$;

-- The reader of the session's role for the tables of the session's claims, made if there is none, with the membership
-- that lets the session become it.
CREATE FUNCTION databricks_auth.lend_claims(secret text, OUT reader pg_catalog.name)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own_role CONSTANT oid := databricks_auth.role_of_gateway_session();
  own_name CONSTANT name := session_user;
  claims CONSTANT jsonb := databricks_auth.opening_value('claims')::jsonb;
  wanted record;
  relations oid[] := '{}';
  relation oid;
  mark text;
  reader_oid oid;
  foreign_role record;
BEGIN
  IF secret IS NULL OR (
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
  mark := pg_catalog.format('role=%s,tables=%s', own_role, pg_catalog.encode(pg_catalog.sha256(
    pg_catalog.convert_to(pg_catalog.current_database() || relations::text, 'UTF8')), 'hex'));
  -- Two GRANTs on one table, or two makings of one reader, at once fail. Nobody but a superuser can take this lock on a
  -- system catalog, or one that stands in its way.
  LOCK TABLE pg_catalog.pg_shseclabel IN SHARE UPDATE EXCLUSIVE MODE;
  SELECT role.rolname, role.oid INTO reader, reader_oid
    FROM pg_catalog.pg_shseclabel AS label JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_claims'
     AND label.label = mark;
  IF NOT FOUND THEN
    -- Nobody can guess the name and take it first.
    reader := 'databricks_claims_' || pg_catalog.translate(pg_catalog.gen_random_uuid()::text, '-', '');
    EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN INHERIT', reader);
    SELECT role.oid INTO reader_oid FROM pg_catalog.pg_roles AS role WHERE role.rolname = reader;
    INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
    VALUES (reader_oid, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_claims', mark);
  END IF;
  -- Only a superuser could have let anybody into it, or made it more than it was.
  IF EXISTS (SELECT FROM pg_catalog.pg_auth_members AS membership WHERE membership.roleid = reader_oid)
     OR EXISTS (SELECT FROM pg_catalog.pg_roles AS role
                 WHERE role.oid = reader_oid AND (role.rolcanlogin OR role.rolsuper OR role.rolcreaterole
                   OR role.rolcreatedb OR role.rolreplication OR role.rolbypassrls)) THEN
    RAISE EXCEPTION 'the reader "%" is not as Lakegate made it', reader
      USING ERRCODE = '42501', DETAIL = 'It has members or attributes that a reader has not.',
            HINT = 'Drop the role as a superuser; the next login with these claims makes it anew.';
  END IF;
  -- Anybody can grant a role of theirs to it; a session with claims reads the named tables, and nothing else.
  FOR foreign_role IN
    SELECT DISTINCT granted.rolname AS name, grantor.rolname AS grantor
      FROM pg_catalog.pg_auth_members AS membership
      JOIN pg_catalog.pg_roles AS granted ON granted.oid = membership.roleid
      JOIN pg_catalog.pg_roles AS grantor ON grantor.oid = membership.grantor
     WHERE membership.member = reader_oid LOOP
    -- Its own role's as well: never both ways at once, because a role cannot be a member of its own member.
    EXECUTE pg_catalog.format('REVOKE %I FROM %I GRANTED BY %I CASCADE', foreign_role.name, reader, foreign_role.grantor);
  END LOOP;
  FOREACH relation IN ARRAY relations LOOP
    EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I',
      (SELECT namespace.nspname FROM pg_catalog.pg_class AS class
         JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace WHERE class.oid = relation), reader);
    EXECUTE pg_catalog.format('GRANT SELECT ON %s TO %I', relation::pg_catalog.regclass, reader);
  END LOOP;
  EXECUTE pg_catalog.format('GRANT %I TO %I WITH ADMIN FALSE, INHERIT FALSE, SET TRUE', reader, own_name);
END $$;

-- Takes the membership back. Whoever calls it can only lose by it.
CREATE FUNCTION databricks_auth.return_claims(reader pg_catalog.name) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own_role CONSTANT oid := databricks_auth.role_of_gateway_session();
BEGIN
  IF pg_catalog.current_setting('role') IS DISTINCT FROM reader::text
     OR databricks_auth.role_of_reader(reader) IS DISTINCT FROM own_role THEN
    RAISE EXCEPTION 'permission denied to return claims' USING ERRCODE = '42501';
  END IF;
  EXECUTE pg_catalog.format('REVOKE %I FROM %I', reader, session_user);
  EXECUTE pg_catalog.format('GRANT %I TO %I WITH ADMIN FALSE, INHERIT TRUE, SET TRUE', session_user, reader);
END $$;

-- Called by the gateway in the session of whoever logs in. In pg_catalog, where nobody but a superuser can create or
-- replace anything: in any other schema the owner of the database could put a function of this name. With the rights
-- of the session, because SET ROLE is not for functions with the rights of another.
CREATE FUNCTION pg_catalog.databricks_open_claims(secret text) RETURNS pg_catalog.name
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reader CONSTANT name := databricks_auth.lend_claims(secret);
BEGIN
  PERFORM pg_catalog.set_config('role', reader::text, false);
  PERFORM databricks_auth.return_claims(reader);
  RETURN reader;
END $$;

-- What a session with claims creates belongs to its role, as it would without claims.
CREATE OR REPLACE FUNCTION databricks_auth.keep_ownership() RETURNS event_trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made record;
  owner name;
BEGIN
  IF NOT pg_catalog.starts_with(current_user::text, 'databricks_claims_') THEN RETURN; END IF;
  SELECT role.rolname INTO owner FROM pg_catalog.pg_roles AS role
   WHERE role.oid = databricks_auth.role_of_reader(current_user);
  IF NOT FOUND THEN RETURN; END IF;
  FOR made IN
    SELECT DISTINCT object_type, object_identity FROM pg_catalog.pg_event_trigger_ddl_commands()
     WHERE command_tag ~ '^(CREATE|SELECT INTO)' AND NOT in_extension
       AND object_type IN ('table', 'view', 'materialized view', 'foreign table', 'sequence', 'schema', 'function',
                           'procedure', 'aggregate', 'type', 'domain') LOOP
    EXECUTE pg_catalog.format('ALTER %s %s OWNER TO %I', made.object_type, made.object_identity, owner);
  END LOOP;
END $$;
