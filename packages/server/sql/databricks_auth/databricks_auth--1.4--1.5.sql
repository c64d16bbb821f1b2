\echo Use "ALTER EXTENSION databricks_auth UPDATE" to load this file. \quit

-- What the owner of a database dumps, the owner can restore.
--
-- pg_dump writes CREATE EXTENSION IF NOT EXISTS, and COMMENT ON EXTENSION where it has a comment; with --clean also
-- DROP EXTENSION. The last two are for the extension's owner. Databases are born with this extension (template1), so that
-- was the system's superuser, and the owner of the database could not restore the own dump.

SET LOCAL search_path TO pg_catalog, pg_temp;

-- As the schema public is: it belongs to whoever owns the database at the moment. There is no ALTER EXTENSION … OWNER TO.
-- The functions stay the system's. On an attached cluster there is no extension, and nothing happens here.
UPDATE pg_catalog.pg_extension SET extowner = 'pg_database_owner'::pg_catalog.regrole
 WHERE extname = 'databricks_auth';

-- PostgreSQL notes no dependency on a role that it was born with, which pg_database_owner is; there may be one on the role
-- that created the extension, and it would keep that role from being dropped.
DELETE FROM pg_catalog.pg_shdepend
 WHERE dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND classid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND deptype = 'o'
   AND objid = (SELECT oid FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth');

-- The comment that the control file gave until now: whoever restores a dump without owning the database may not set it.
DELETE FROM pg_catalog.pg_description
 WHERE classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND objsubid = 0
   AND objoid = (SELECT oid FROM pg_catalog.pg_extension WHERE extname = 'databricks_auth')
   AND description = 'binds PostgreSQL roles to the identities of a Lakegate account';
