-- Files of a workspace, as far as bundles need them. A home belongs to an identity, not to its name: it goes with the
-- identity, and one that is made later under the same name begins with nothing.
CREATE TABLE workspace_home (
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  identity_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  -- What lies in it. Every change locks this row, so two changes of one home never meet.
  objects integer NOT NULL DEFAULT 0 CHECK (objects >= 0),
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  PRIMARY KEY (workspace_id, identity_id)
);
CREATE INDEX workspace_home_of_identity ON workspace_home (identity_id);

CREATE TABLE workspace_object (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000) PRIMARY KEY,
  workspace_id bigint NOT NULL,
  identity_id bigint NOT NULL,
  -- Below the home, without a slash at either end. Compared byte by byte: what is below a directory is one range.
  path text COLLATE "C" NOT NULL CHECK (path <> ''),
  -- Empty for what lies in the home itself.
  parent text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (CASE WHEN path LIKE '%/%' THEN regexp_replace(path, '/[^/]*$', '') ELSE '' END) STORED,
  -- Null: a directory.
  contents bytea,
  size bigint NOT NULL GENERATED ALWAYS AS (coalesce(length(contents), 0)) STORED,
  created_at timestamptz NOT NULL,
  modified_at timestamptz NOT NULL,
  FOREIGN KEY (workspace_id, identity_id) REFERENCES workspace_home (workspace_id, identity_id) ON DELETE CASCADE,
  UNIQUE (workspace_id, identity_id, path)
);
CREATE INDEX workspace_object_in_directory ON workspace_object (workspace_id, identity_id, parent, path);
