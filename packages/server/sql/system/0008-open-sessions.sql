-- Who serves sessions, and what the control plane asks them: no row is written for a login, and answers live as long
-- as their question, which is seconds.
CREATE TABLE gateway_process (
  id uuid PRIMARY KEY,
  node text NOT NULL,
  process_id integer NOT NULL,
  -- By the clock of this database, so that no clock of a node can make a process seem dead (attack 40).
  seen_at timestamptz NOT NULL
);

CREATE TABLE session_question (
  id uuid PRIMARY KEY,
  question jsonb NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE session_answer (
  question_id uuid NOT NULL REFERENCES session_question (id) ON DELETE CASCADE,
  gateway_id uuid NOT NULL,
  sessions jsonb NOT NULL,
  PRIMARY KEY (question_id, gateway_id)
);

-- What may end the right to an open session; taking part in more ends none.
CREATE FUNCTION notify_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NOTIFY directory;
  RETURN NULL;
END $$;
CREATE TRIGGER identity_changed AFTER UPDATE OR DELETE ON identity
  FOR EACH STATEMENT EXECUTE FUNCTION notify_directory();
CREATE TRIGGER member_left AFTER UPDATE OR DELETE ON group_member
  FOR EACH STATEMENT EXECUTE FUNCTION notify_directory();
CREATE TRIGGER assignment_changed AFTER UPDATE OR DELETE ON workspace_assignment
  FOR EACH STATEMENT EXECUTE FUNCTION notify_directory();

-- Null: an open session lives on, whatever happens to its token or its membership (behaviours 19, 45).
ALTER TABLE database_instance ADD COLUMN session_policy jsonb;
