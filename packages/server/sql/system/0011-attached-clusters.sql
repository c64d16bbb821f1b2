-- Clusters that somebody else runs (DESIGN §3, `attached`): how they are reached, and the keys to them, encrypted
-- under the master key.
ALTER TABLE database_instance
  -- What was asked for; null for an embedded instance.
  ADD COLUMN attached_cluster jsonb,
  -- What was found.
  ADD COLUMN attached_bindings text CHECK (attached_bindings IN ('shared_catalog', 'table'));

CREATE TABLE attached_cluster_password (
  instance_uid uuid PRIMARY KEY REFERENCES database_instance (uid) ON DELETE CASCADE,
  password_encrypted bytea NOT NULL
);

CREATE TABLE managed_role_key (
  instance_uid uuid NOT NULL REFERENCES database_instance (uid) ON DELETE CASCADE,
  -- A role that is dropped and made again has another one.
  role_oid bigint NOT NULL,
  key_encrypted bytea NOT NULL,
  -- Whether the cluster is known to have it.
  applied boolean NOT NULL DEFAULT false,
  PRIMARY KEY (instance_uid, role_oid)
);

-- 1 signs the servers of Lakegate, 2 the gateway as a client of attached clusters.
ALTER TABLE certificate_authority DROP CONSTRAINT certificate_authority_id_check;
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_id_check CHECK (id IN (1, 2));
