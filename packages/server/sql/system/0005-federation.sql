-- Tokens of outside identity providers that are exchanged for ours (RFC 8693): for a service principal, or account-wide.
CREATE TABLE federation_policy (
  uid uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id),
  -- Null: account-wide, for users.
  service_principal_id bigint REFERENCES identity (id) ON DELETE CASCADE,
  policy_id text NOT NULL,
  description text NOT NULL,
  issuer text NOT NULL,
  -- Empty: the account id.
  audiences text[] NOT NULL,
  subject text,
  subject_claim text NOT NULL,
  jwks_uri text,
  jwks_json jsonb,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (account_id, service_principal_id, policy_id),
  -- Who of the provider's many subjects is meant must be said.
  CHECK (service_principal_id IS NULL OR subject IS NOT NULL)
);
