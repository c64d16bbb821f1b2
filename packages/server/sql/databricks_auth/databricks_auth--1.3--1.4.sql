\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- What version 1.3 left behind, because it needs locks that an open session can hold for long: until this script has
-- run, nothing is less safe.

SET LOCAL search_path TO pg_catalog, pg_temp;

-- Whoever may write every table could lock it; nothing takes that lock any more.
DROP TABLE databricks_auth.making_of_readers;

-- As before; what it is made of is looked up where nobody but a superuser could have put anything.
CREATE OR REPLACE VIEW public.databricks_list_roles AS
  SELECT role.rolname AS role_name,
         pg_catalog.lower(pg_catalog.split_part(label.label, ',type=', 2)) AS identity_type
    FROM pg_catalog.pg_shseclabel AS label
    JOIN pg_catalog.pg_roles AS role ON role.oid = label.objoid
   WHERE label.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND label.provider = 'databricks_auth';
