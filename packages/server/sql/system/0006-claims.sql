-- What the claims of a credential may name (behaviours 9-12): catalogs, each standing for the tables of one database,
-- and single tables; and who may read them.
CREATE TABLE catalog_entry (
  uid uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('CATALOG', 'TABLE')),
  -- A catalog's own name, or catalog.schema.table.
  name text NOT NULL,
  instance_uid uuid NOT NULL REFERENCES database_instance (uid) ON DELETE CASCADE,
  database_name text NOT NULL,
  -- Null: deleted since.
  creator_id bigint REFERENCES identity (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (workspace_id, name)
);
CREATE INDEX catalog_entry_of_instance ON catalog_entry (instance_uid, name);

-- SELECT on a catalog, on a schema of it or on a table. Goes with the entry, so that one of the same name made
-- later begins with nobody.
CREATE TABLE read_grant (
  entry_uid uuid NOT NULL REFERENCES catalog_entry (uid) ON DELETE CASCADE,
  securable text NOT NULL,
  identity_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  PRIMARY KEY (entry_uid, securable, identity_id)
);
CREATE INDEX read_grant_of_identity ON read_grant (identity_id);

-- A token refers to the tables of its claims by this id, the hash of their names: it stays short, and minting the
-- same claims again adds nothing.
CREATE TABLE claim_set (
  id text PRIMARY KEY,
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  table_names text[] NOT NULL,
  last_minted_at timestamptz NOT NULL
);
CREATE INDEX claim_set_by_age ON claim_set (last_minted_at);
