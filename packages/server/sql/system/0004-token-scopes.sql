-- Personal access tokens may be narrowed to scopes; their owner and administrators see when they were used last.
ALTER TABLE personal_access_token
  ADD COLUMN scopes text[] NOT NULL DEFAULT ARRAY['all-apis'],
  ADD COLUMN created_by bigint;
CREATE INDEX personal_access_token_of_workspace ON personal_access_token (workspace_id, created_at);
