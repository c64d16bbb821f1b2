\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- What version 1.3 left behind, because it needs locks that an open session can hold for long: until this script has
-- run, nothing is less safe.

SET LOCAL search_path TO pg_catalog, pg_temp;

-- Whoever may write every table could lock it; nothing takes that lock any more.
DROP TABLE databricks_auth.making_of_readers;

-- The view reads a function and no catalog: LOCK TABLE on a view locks what it is made of with the rights of the view's
-- owner, and whoever may write every table may lock every view. So a lock on this one reached pg_authid, and every login.
CREATE FUNCTION databricks_auth.list_roles() RETURNS TABLE (role_name name, identity_type text)
  LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT role.rolname, pg_catalog.lower(pg_catalog.split_part(label.label, ',type=', 2))
    FROM pg_catalog.pg_shseclabel AS label
    JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth'
$$;
CREATE OR REPLACE VIEW public.databricks_list_roles AS
  SELECT listed.role_name, listed.identity_type COLLATE pg_catalog."C" AS identity_type
    FROM databricks_auth.list_roles() AS listed;
