-- People sign in: passwords, the links that set them, what the OAuth server remembers, and a brake on guessing.

CREATE TABLE user_password (
  user_id bigint PRIMARY KEY,
  identity_type text NOT NULL DEFAULT 'USER' CHECK (identity_type = 'USER'),
  -- argon2id in PHC string format; salt and parameters are in it.
  password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
  changed_at timestamptz NOT NULL,
  FOREIGN KEY (user_id, identity_type) REFERENCES identity (id, type) ON DELETE CASCADE
);

-- Opened once, by whoever has it: the first sign-in of a user, and the way back in.
CREATE TABLE sign_in_link (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id bigint NOT NULL,
  identity_type text NOT NULL DEFAULT 'USER' CHECK (identity_type = 'USER'),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (user_id, identity_type) REFERENCES identity (id, type) ON DELETE CASCADE
);
CREATE INDEX sign_in_link_of_user ON sign_in_link (user_id);

-- Failed sign-ins, by what they have in common: an account, an address, both. Keys are hashes.
CREATE TABLE sign_in_failure (
  key_hash bytea PRIMARY KEY CHECK (length(key_hash) = 32),
  failures integer NOT NULL,
  since timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_age ON sign_in_failure (since);

-- What the OAuth library keeps: sessions, grants, codes, refresh tokens. Ids that open something are hashes.
CREATE TABLE oauth_record (
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  kind text NOT NULL,
  id_hash bytea NOT NULL CHECK (length(id_hash) = 32),
  payload jsonb NOT NULL,
  identity_id bigint REFERENCES identity (id) ON DELETE CASCADE,
  grant_id text,
  uid text,
  user_code_hash bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  consumed_at timestamptz,
  PRIMARY KEY (workspace_id, kind, id_hash)
);
CREATE INDEX oauth_record_of_grant ON oauth_record (grant_id) WHERE grant_id IS NOT NULL;
CREATE UNIQUE INDEX oauth_record_uid ON oauth_record (workspace_id, kind, uid) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX oauth_record_user_code ON oauth_record (workspace_id, user_code_hash) WHERE user_code_hash IS NOT NULL;
CREATE INDEX oauth_record_of_identity ON oauth_record (identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX oauth_record_expiry ON oauth_record (expires_at) WHERE expires_at IS NOT NULL;

-- OAuth applications that an administrator registered (custom app integrations).
CREATE TABLE oauth_client (
  client_id uuid PRIMARY KEY,
  integration_id uuid NOT NULL UNIQUE,
  account_id uuid NOT NULL REFERENCES account (id),
  name text NOT NULL,
  -- Null: a public client.
  secret_hash bytea CHECK (length(secret_hash) = 32),
  redirect_urls text[] NOT NULL,
  scopes text[] NOT NULL,
  access_token_ttl_minutes integer NOT NULL CHECK (access_token_ttl_minutes BETWEEN 5 AND 60),
  refresh_token_ttl_minutes integer NOT NULL CHECK (refresh_token_ttl_minutes BETWEEN 5 AND 129600),
  created_by bigint NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX oauth_client_in_order ON oauth_client (account_id, created_at, integration_id);
