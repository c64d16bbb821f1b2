-- Browsers that are signed in to the web console. The cookie is a hash; the tokens never leave the server, and here they are
-- sealed. A session lives no longer than that of the sign-in pages (oauth_record, kind Session), which is looked up by its uid.
CREATE TABLE console_session (
  cookie_hash bytea PRIMARY KEY CHECK (length(cookie_hash) = 32),
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  identity_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  browser_session_uid text NOT NULL,
  -- Whether the person came by an outside provider.
  signed_in_outside boolean NOT NULL,
  access_token_encrypted bytea NOT NULL,
  access_token_expires_at timestamptz NOT NULL,
  refresh_token_encrypted bytea NOT NULL,
  created_at timestamptz NOT NULL,
  -- To the minute: not every request writes it.
  used_at timestamptz NOT NULL
);
CREATE INDEX console_session_of_identity ON console_session (identity_id, created_at);
CREATE INDEX console_session_of_workspace ON console_session (workspace_id);
CREATE INDEX console_session_of_browser ON console_session (workspace_id, browser_session_uid);
CREATE INDEX console_session_age ON console_session (created_at);
