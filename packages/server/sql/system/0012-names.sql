-- Names that people cannot tell apart (RFC 8265, RFC 8266, UTS 39): what makes two names one is kept beside the name, so
-- that of two creations at once only one can win. domain/names.ts computes it; PostgreSQL has not the data.
ALTER TABLE identity
  -- The same name in whatever letter case, width and normalisation.
  ADD COLUMN name_canonical text,
  -- The same picture, in whatever alphabet.
  ADD COLUMN name_skeleton text,
  -- Of an identity that is older than the rules and would break them: what is wrong. It stays as it is, and is shown so.
  ADD COLUMN name_problem text;

CREATE UNIQUE INDEX identity_name_canonical ON identity (account_id, type, name_canonical) WHERE system_group IS NULL;
CREATE UNIQUE INDEX identity_name_skeleton ON identity (account_id, type, name_skeleton) WHERE system_group IS NULL;
-- Not looked at yet, or in the way of another one (store/name-judgement.ts, at every start).
CREATE INDEX identity_name_unjudged ON identity (id) WHERE name_canonical IS NULL AND system_group IS NULL;
CREATE INDEX identity_name_problem ON identity (account_id, type) WHERE name_problem IS NOT NULL;
