-- SQL that people keep in the console, and may share with their workspace. It goes with its owner and with the workspace.
CREATE TABLE saved_query (
  id uuid PRIMARY KEY,
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  owner_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL CHECK (name <> ''),
  sql text NOT NULL,
  -- A proposal for who opens it; neither needs to exist.
  instance_name text,
  database_name text,
  is_shared boolean NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX saved_query_of_owner ON saved_query (owner_id, workspace_id, name, id);
CREATE INDEX saved_query_shared ON saved_query (workspace_id, name, id) WHERE is_shared;
