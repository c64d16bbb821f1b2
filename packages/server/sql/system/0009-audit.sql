-- What happened, for as long as the retention says. Ids are text, because a record tells what was claimed, too.
CREATE TABLE audit_record (
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  event text NOT NULL,
  outcome text NOT NULL,
  reason text,
  workspace_id text,
  instance_uid text,
  identity_id text,
  -- All of it, as the line of the log has it.
  entry jsonb NOT NULL,
  PRIMARY KEY (at, id)
);
CREATE INDEX audit_record_of_workspace ON audit_record (workspace_id, at, id);
CREATE INDEX audit_record_of_identity ON audit_record (identity_id, at, id);
