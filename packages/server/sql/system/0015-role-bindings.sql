-- Which role of an attached cluster belongs to which identity, where the administrative role of the cluster is no superuser.
-- In a table of the cluster every member of pg_write_all_data could write it (attack 46).
CREATE TABLE role_binding (
  instance_uid uuid NOT NULL REFERENCES database_instance (uid) ON DELETE CASCADE,
  -- A role that is dropped and made again has another one; an object id may come again, in four billion, so the name
  -- counts as well.
  role_oid bigint NOT NULL,
  role_name text NOT NULL,
  identity_id bigint NOT NULL,
  identity_type text NOT NULL CHECK (identity_type IN ('USER', 'SERVICE_PRINCIPAL', 'GROUP')),
  -- Then it has no password but the one that Lakegate gives it.
  made_by_lakegate boolean NOT NULL,
  PRIMARY KEY (instance_uid, role_oid),
  UNIQUE (instance_uid, role_name)
);
CREATE INDEX role_binding_identity ON role_binding (instance_uid, identity_id);

-- `table`: attached by an earlier version; its bindings are still in the cluster, to be taken over once.
ALTER TABLE database_instance DROP CONSTRAINT database_instance_attached_bindings_check;
ALTER TABLE database_instance ADD CONSTRAINT database_instance_attached_bindings_check
  CHECK (attached_bindings IN ('shared_catalog', 'system_database', 'table'));
