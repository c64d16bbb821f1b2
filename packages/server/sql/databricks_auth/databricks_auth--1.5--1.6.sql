\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- From where a session comes, besides who it is.
--
-- To PostgreSQL the gateway is the client, so what it shows of the client (pg_stat_activity, pg_stat_ssl,
-- inet_client_addr()) tells nothing. The gateway adds what it saw to what it opens a session with, in the setting that
-- says who it is: every version of the gateway makes that one itself, so no client can bring it. At the pooled endpoint
-- many clients share what one backend was opened with, and there the gateway says nothing of any.

-- Nothing that a database's owner made may stand in for what this script means.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- What databricks_session_identity() becomes below.
CREATE FUNCTION databricks_auth.session_identity(
  OUT identity_id bigint, OUT identity_type text, OUT identity_name text, OUT membership_path bigint[],
  OUT client_address inet, OUT tls_version text, OUT tls_cipher text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened CONSTANT pg_catalog.jsonb := databricks_auth.opening_value('identity')::pg_catalog.jsonb;
BEGIN
  -- Only roles that are bound to an identity are opened by the gateway alone: whoever logs in as another role, by other
  -- ways, might bring settings of the own making, and is nobody here.
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
  client_address := (opened -> 'client' ->> 'address')::inet;
  tls_version := opened -> 'client' ->> 'tlsVersion';
  tls_cipher := opened -> 'client' ->> 'tlsCipher';
END $$;

-- The function of old gets the columns in its place (docs/decisions/0013). PostgreSQL changes the row of a function by
-- DROP and CREATE only, and DROP would take along the policies and views that people built on it, or be refused for them.
-- What they built names the columns that it knew, and PostgreSQL reads no more of a row than that (RangeTblFunction,
-- funccolcount).
DO $$
DECLARE
  ours oid;
BEGIN
  -- A function of this name is a stranger's unless a superuser owns it; and, where there is an extension, which its owner
  -- can add functions to, unless it belongs to that as well. On an attached cluster there is none.
  SELECT function.oid INTO ours
    FROM pg_catalog.pg_proc AS function
    JOIN pg_catalog.pg_roles AS owner ON owner.oid = function.proowner AND owner.rolsuper
   WHERE function.proname = 'databricks_session_identity' AND function.pronargs = 0
     AND CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth') THEN
           EXISTS (SELECT FROM pg_catalog.pg_depend AS membership
                     JOIN pg_catalog.pg_extension AS extension
                       ON membership.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                      AND membership.refobjid = extension.oid
                    WHERE membership.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                      AND membership.objid = function.oid AND membership.deptype = 'e'
                      AND extension.extname = 'databricks_auth')
         ELSE function.oid = pg_catalog.to_regprocedure('public.databricks_session_identity()') END;
  IF FOUND THEN
    UPDATE pg_catalog.pg_proc AS function
       SET proallargtypes = made.proallargtypes, proargmodes = made.proargmodes,
           proargnames = made.proargnames, prosrc = made.prosrc
      FROM pg_catalog.pg_proc AS made
     WHERE function.oid = ours AND made.oid = 'databricks_auth.session_identity()'::pg_catalog.regprocedure;
    DROP FUNCTION databricks_auth.session_identity();
  ELSE
    -- Somebody dropped it. Refused where a stranger's has taken its place.
    ALTER FUNCTION databricks_auth.session_identity() RENAME TO databricks_session_identity;
    ALTER FUNCTION databricks_auth.databricks_session_identity() SET SCHEMA public;
  END IF;
END $$;
