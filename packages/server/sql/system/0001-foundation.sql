-- The system database: the only durable state of the control plane (DESIGN §3).
-- Times are UTC instants; secrets are hashes; private keys are encrypted with a key that is not in here.

CREATE TABLE account (
  id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL
);

CREATE TABLE workspace (
  -- Below 2^53, because the token introspection of the real service sends it as a JSON number.
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000000000000001) PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id),
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (account_id, name)
);

-- Users, service principals and groups share one sequence of ids, and an id is never used again: a security
-- label in an instance may outlive the identity that it names (behaviours 40, 41).
CREATE TABLE identity (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100000000000001) PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id),
  type text NOT NULL CHECK (type IN ('USER', 'SERVICE_PRINCIPAL', 'GROUP')),
  -- user name (e-mail address), application id, or display name of the group: the name of the Postgres role.
  name text NOT NULL CHECK (name <> '' AND length(name) <= 256),
  display_name text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  external_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account_id, type, name),
  -- Referenced together, so that a group can never be made a user by an update.
  UNIQUE (id, type)
);
-- E-mail addresses are one whatever their letter case; group names are exact (behaviour 47).
CREATE UNIQUE INDEX identity_user_name ON identity (account_id, lower(name)) WHERE type = 'USER';
CREATE INDEX identity_external_id ON identity (account_id, type, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE group_member (
  group_id bigint NOT NULL,
  group_type text NOT NULL DEFAULT 'GROUP' CHECK (group_type = 'GROUP'),
  member_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, member_id),
  FOREIGN KEY (group_id, group_type) REFERENCES identity (id, type) ON DELETE CASCADE,
  CHECK (group_id <> member_id)
);
-- Membership is asked upwards, from the member: its cost is the member's own ancestors, not the directory.
CREATE INDEX group_member_upwards ON group_member (member_id, group_id);

CREATE TABLE workspace_assignment (
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  identity_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  permission text NOT NULL CHECK (permission IN ('USER', 'ADMIN')),
  PRIMARY KEY (workspace_id, identity_id)
);
CREATE INDEX workspace_assignment_of_identity ON workspace_assignment (identity_id);

CREATE TABLE service_principal_secret (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  service_principal_id bigint NOT NULL,
  identity_type text NOT NULL DEFAULT 'SERVICE_PRINCIPAL' CHECK (identity_type = 'SERVICE_PRINCIPAL'),
  secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (service_principal_id, identity_type) REFERENCES identity (id, type) ON DELETE CASCADE
);
CREATE INDEX service_principal_secret_of_principal ON service_principal_secret (service_principal_id);

CREATE TABLE personal_access_token (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  identity_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  workspace_id bigint NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  comment text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz
);
CREATE INDEX personal_access_token_of_identity ON personal_access_token (identity_id, workspace_id);

CREATE TABLE signing_key (
  kid text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  private_key_encrypted bytea NOT NULL,
  created_at timestamptz NOT NULL,
  -- A retired key signs no more and verifies until the last token it signed is dead.
  retired_at timestamptz
);
CREATE UNIQUE INDEX signing_key_one_current ON signing_key ((true)) WHERE retired_at IS NULL;

CREATE TABLE certificate_authority (
  id smallint PRIMARY KEY CHECK (id = 1),
  certificate_pem text NOT NULL,
  private_key_encrypted bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE installation (
  id smallint PRIMARY KEY CHECK (id = 1),
  account_id uuid NOT NULL REFERENCES account (id),
  workspace_id bigint NOT NULL REFERENCES workspace (id),
  admin_id bigint NOT NULL REFERENCES identity (id),
  -- Null until the first start has done everything that only a first start does, so that one that was killed in
  -- between is a first start again.
  completed_at timestamptz
);

CREATE TABLE database_instance (
  uid uuid PRIMARY KEY,
  workspace_id bigint NOT NULL REFERENCES workspace (id),
  name text NOT NULL,
  creator_id bigint NOT NULL,
  creator_name text NOT NULL,
  created_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('STARTING', 'AVAILABLE', 'STOPPED', 'UPDATING', 'FAILING_OVER', 'DELETING')),
  -- What was asked for; null means the default (behaviour 62 tells the two apart).
  capacity text,
  stopped boolean,
  node_count integer,
  enable_readable_secondaries boolean,
  enable_pg_native_login boolean,
  retention_window_in_days integer,
  usage_policy_id text,
  custom_tags jsonb,
  -- What is.
  fault_code text,
  fault_message text,
  fault_next_step text,
  fault_since timestamptz,
  pg_major_version integer,
  system_identifier text,
  socket_directory text,
  listener_host text NOT NULL,
  listener_port integer,
  UNIQUE (workspace_id, name)
);
CREATE INDEX database_instance_in_order ON database_instance (workspace_id, created_at, uid);

CREATE TABLE database_instance_permission (
  instance_uid uuid NOT NULL REFERENCES database_instance (uid) ON DELETE CASCADE,
  identity_id bigint NOT NULL REFERENCES identity (id) ON DELETE CASCADE,
  level text NOT NULL CHECK (level IN ('CAN_USE', 'CAN_MANAGE')),
  PRIMARY KEY (instance_uid, identity_id)
);
CREATE INDEX database_instance_permission_of_identity ON database_instance_permission (identity_id);

-- Gateways and supervisors of every process learn of changes without asking again and again.
CREATE FUNCTION notify_database_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY database_instance;
  RETURN NULL;
END $$;
CREATE TRIGGER database_instance_changed AFTER INSERT OR UPDATE OR DELETE ON database_instance
  FOR EACH STATEMENT EXECUTE FUNCTION notify_database_instance();
