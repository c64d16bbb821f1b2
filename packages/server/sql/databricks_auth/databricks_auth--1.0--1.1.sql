\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- Who is really behind a session, also behind the role of a group.
--
-- The gateway opens every session with settings of its own making and passes on none of the client's below
-- databricks_auth. A session may change them with SET; RESET brings back what the session was opened with, which
-- neither the session nor ALTER ROLE nor ALTER DATABASE can change. Hence: reset, then read.
CREATE FUNCTION databricks_auth.opening_value(setting text) RETURNS text
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE pg_catalog.format('RESET databricks_auth.%I', setting);
  RETURN NULLIF(pg_catalog.current_setting('databricks_auth.' || setting, true), '');
END $$;
REVOKE ALL ON FUNCTION databricks_auth.opening_value(text) FROM PUBLIC;

-- Only roles that are bound to an identity are opened by the gateway alone: whoever logs in as another role, by other
-- ways, might bring settings of the own making, and is nobody here.
CREATE FUNCTION public.databricks_session_identity(
  OUT identity_id bigint, OUT identity_type text, OUT identity_name text, OUT membership_path bigint[])
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened CONSTANT pg_catalog.jsonb := databricks_auth.opening_value('identity')::pg_catalog.jsonb;
BEGIN
  IF opened IS NULL OR NOT EXISTS (
    SELECT FROM pg_catalog.pg_shseclabel AS label
      JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
     WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'
       AND role.rolname = session_user) THEN
    RETURN;
  END IF;
  identity_id := (opened ->> 'id')::bigint;
  identity_type := pg_catalog.lower(opened ->> 'type');
  identity_name := opened ->> 'name';
  membership_path := ARRAY(SELECT step::bigint FROM pg_catalog.jsonb_array_elements_text(opened -> 'path') AS step);
END $$;

-- As before, with the ticket that the session was opened with.
CREATE OR REPLACE FUNCTION databricks_auth.resolve_identity(
  requested_name text, requested_type text, OUT identity_id text, OUT identity_type text, OUT identity_name text)
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  conninfo text;
  question text;
BEGIN
  SELECT pg_catalog.substr(setting, pg_catalog.length('databricks_auth.control_plane=') + 1) INTO conninfo
    FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) AS setting
   WHERE setdatabase = 0
     AND setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = 'databricks_control_plane')
     AND pg_catalog.starts_with(setting, 'databricks_auth.control_plane=');
  IF conninfo IS NULL THEN
    RAISE EXCEPTION 'the control plane of this database instance is not known'
      USING ERRCODE = '57P03', HINT = 'Start the database instance again; Lakegate records the address at every start.';
  END IF;
  question := pg_catalog.json_build_object(
    'ticket', COALESCE(databricks_auth.opening_value('session'), ''),
    'roleOid', (SELECT oid::text FROM pg_catalog.pg_roles WHERE rolname = session_user),
    'name', requested_name,
    'type', requested_type)::text;
  question := pg_catalog.translate(
    pg_catalog.encode(pg_catalog.convert_to(question, 'UTF8'), 'base64'), E'+/=\n', '-_');
  BEGIN
    SELECT answer.identity_id, answer.identity_type, answer.identity_name
      INTO STRICT identity_id, identity_type, identity_name
      FROM databricks_auth.dblink(
             conninfo, 'SELECT databricks_auth.resolve_identity(''' || question || ''')', true)
           AS answer (identity_id text, identity_type text, identity_name text);
  EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection OR connection_failure OR connection_exception THEN
    RAISE EXCEPTION 'the control plane does not answer'
      USING ERRCODE = '57P03', HINT = 'Retry in a few seconds.';
  END;
END $$;
