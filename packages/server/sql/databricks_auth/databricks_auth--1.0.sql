\echo Use "CREATE EXTENSION databricks_auth" to load this file. \quit

-- databricks_auth: roles for the identities of a Lakegate account (behaviours 20, 30-39).
--
-- The binding of a role to an identity is a security label of provider databricks_auth. PostgreSQL takes the
-- statement SECURITY LABEL only from a provider written in C, so the functions below write the shared catalog
-- themselves: they belong to the system superuser and run with its rights (SECURITY DEFINER). Hence:
--   * every function fixes its search_path, so that nothing a caller created can stand in for what is meant;
--   * what is private lives in the schema databricks_auth, which nobody else may use;
--   * who calls is taken from the session, never from an argument.

CREATE SCHEMA databricks_auth;
REVOKE ALL ON SCHEMA databricks_auth FROM PUBLIC;

-- dblink's own C function, bound here so that nobody has to install dblink. It raises the error of the other
-- side again with its SQLSTATE, message, detail and hint.
CREATE FUNCTION databricks_auth.dblink(conninfo text, question text, fail boolean) RETURNS SETOF record
  AS '$libdir/dblink', 'dblink_record' LANGUAGE C STRICT PARALLEL RESTRICTED;
REVOKE ALL ON FUNCTION databricks_auth.dblink(text, text, boolean) FROM PUBLIC;

-- The role with whose rights the caller acts: that of SET ROLE, else that of the session.
CREATE FUNCTION databricks_auth.calling_role() RETURNS pg_catalog.oid
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT oid FROM pg_catalog.pg_roles
   WHERE rolname = CASE pg_catalog.current_setting('role') WHEN 'none' THEN session_user
                   ELSE pg_catalog.current_setting('role')::pg_catalog.name END
$$;
REVOKE ALL ON FUNCTION databricks_auth.calling_role() FROM PUBLIC;

-- The live question to the control plane: which identity of the workspace has this name? The session proves
-- itself by the ticket that the gateway set at login. Wire form, over the PostgreSQL protocol: the statement
--   SELECT databricks_auth.resolve_identity('<base64url of {"ticket","roleOid","name","type"}>')
-- answered by one row (identity_id, identity_type, identity_name) or by an error. Base64url leaves nothing to quote.
-- The address comes from the catalog, as a setting of databricks_control_plane that only a superuser can change;
-- current_setting() would hand out whatever the session put there.
CREATE FUNCTION databricks_auth.resolve_identity(
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
    'ticket', COALESCE(pg_catalog.current_setting('databricks_auth.session', true), ''),
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
REVOKE ALL ON FUNCTION databricks_auth.resolve_identity(text, text) FROM PUBLIC;

-- Writes or removes the label of a role, without asking anything.
CREATE FUNCTION databricks_auth.write_label(role pg_catalog.oid, new_label text) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM pg_catalog.pg_shseclabel
   WHERE objoid = role AND classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND provider = 'databricks_auth';
  IF new_label IS NOT NULL THEN
    INSERT INTO pg_catalog.pg_shseclabel (objoid, classoid, provider, label)
    VALUES (role, 'pg_catalog.pg_authid'::pg_catalog.regclass, 'databricks_auth', new_label);
  END IF;
END $$;
REVOKE ALL ON FUNCTION databricks_auth.write_label(pg_catalog.oid, text) FROM PUBLIC;

-- Creates the role of an identity: its name, LOGIN, its label, nothing else (behaviour 31).
CREATE FUNCTION public.databricks_create_role(identity_name text, identity_type text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  caller CONSTANT pg_catalog.oid := databricks_auth.calling_role();
  identity record;
BEGIN
  IF identity_name IS NULL OR identity_type IS NULL THEN
    RAISE EXCEPTION 'identity name and identity type must not be null' USING ERRCODE = '22023';
  END IF;
  -- behaviour 35; pg_roles and not pg_has_role(), because CREATEROLE is not inherited
  IF NOT (SELECT rolcreaterole OR rolsuper FROM pg_catalog.pg_roles WHERE oid = caller)
     OR NOT pg_catalog.has_database_privilege(caller, pg_catalog.current_database(), 'CREATE') THEN
    RAISE EXCEPTION 'permission denied to create role'
      USING ERRCODE = '42501', DETAIL = 'The caller needs CREATEROLE, and CREATE on the current database.';
  END IF;
  identity := databricks_auth.resolve_identity(identity_name, identity_type);
  IF pg_catalog.octet_length(identity.identity_name) > 63 THEN
    RAISE EXCEPTION 'the name of the identity is longer than the 63 bytes of a role name' USING ERRCODE = '22023';
  END IF;
  -- behaviour 34
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = identity.identity_name) THEN
    RAISE EXCEPTION 'role "%" already exists', identity.identity_name
      USING ERRCODE = '42710', HINT = 'Drop the role first, or bind it with databricks_set_role_label.';
  END IF;
  EXECUTE pg_catalog.format(
    'CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT LOGIN NOREPLICATION NOBYPASSRLS',
    identity.identity_name);
  -- As CREATE ROLE does for a caller with CREATEROLE: ADMIN without INHERIT or SET, granted by the superuser.
  EXECUTE pg_catalog.format('GRANT %I TO %I WITH ADMIN TRUE, INHERIT FALSE, SET FALSE',
    identity.identity_name, (SELECT rolname FROM pg_catalog.pg_roles WHERE oid = caller));
  PERFORM databricks_auth.write_label(
    (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = identity.identity_name),
    'id=' || identity.identity_id || ',type=' || identity.identity_type);
  RETURN identity.identity_name;
END $$;

-- What SECURITY LABEL FOR databricks_auth ON ROLE … IS … would do (behaviour 38): whoever may administer the role
-- sets its label, or clears it with NULL.
CREATE FUNCTION public.databricks_set_role_label(role_name text, label text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  caller CONSTANT pg_catalog.oid := databricks_auth.calling_role();
  target record;
BEGIN
  SELECT oid, rolsuper INTO target FROM pg_catalog.pg_roles WHERE rolname = role_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'role "%" does not exist', role_name USING ERRCODE = '42704';
  END IF;
  -- Superusers and the roles that the instance was born with are nobody's to bind.
  IF target.rolsuper OR role_name LIKE 'databricks\_%' OR role_name LIKE 'pg\_%'
     OR NOT pg_catalog.pg_has_role(caller, target.oid, 'MEMBER WITH ADMIN OPTION') THEN
    RAISE EXCEPTION 'permission denied to label role "%"', role_name
      USING ERRCODE = '42501', DETAIL = 'The caller needs the ADMIN option on the role.';
  END IF;
  IF label IS NOT NULL AND label !~ '^id=[1-9][0-9]{0,18},type=(USER|SERVICE_PRINCIPAL|GROUP|user|service_principal|group)$' THEN
    RAISE EXCEPTION 'invalid security label "%"', label
      USING ERRCODE = '22023', HINT = 'Write id=<numeric id>,type=USER, SERVICE_PRINCIPAL or GROUP.';
  END IF;
  PERFORM databricks_auth.write_label(target.oid, label);
END $$;

-- behaviour 37
CREATE VIEW public.databricks_list_roles AS
  SELECT role.rolname AS role_name,
         pg_catalog.lower(pg_catalog.split_part(label.label, ',type=', 2)) AS identity_type
    FROM pg_catalog.pg_shseclabel AS label
    JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth';
GRANT SELECT ON public.databricks_list_roles TO PUBLIC;
