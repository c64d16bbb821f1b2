-- The whole directory: people with their names, versions for ETags, account administrators, several workspaces told
-- apart by host name, and the system groups `users` and `admins` of each of them.

ALTER TABLE workspace
  -- Lower case, without a port; null for the workspace that is served at the public URL.
  ADD COLUMN host text UNIQUE CHECK (host = lower(host));

ALTER TABLE identity
  ADD COLUMN given_name text,
  ADD COLUMN family_name text,
  -- Counts the changes; the ETag of SCIM.
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  -- The workspace whose administrators made it and may change it; null when the account keeps it.
  ADD COLUMN home_workspace_id bigint REFERENCES workspace (id) ON DELETE SET NULL,
  ADD COLUMN is_account_admin boolean NOT NULL DEFAULT false CHECK (NOT is_account_admin OR type <> 'GROUP'),
  ADD COLUMN system_group text CHECK (system_group IN ('users', 'admins')),
  ADD COLUMN system_group_of bigint REFERENCES workspace (id) ON DELETE CASCADE,
  ADD CHECK ((system_group IS NULL) = (system_group_of IS NULL)),
  ADD CHECK (system_group IS NULL OR type = 'GROUP');

-- Every workspace has a group `users`; all other names are one in the account.
ALTER TABLE identity DROP CONSTRAINT identity_account_id_type_name_key;
CREATE UNIQUE INDEX identity_name ON identity (account_id, type, name) WHERE system_group IS NULL;
CREATE UNIQUE INDEX identity_system_group ON identity (system_group_of, system_group) WHERE system_group IS NOT NULL;
CREATE INDEX identity_display_name ON identity (account_id, type, lower(display_name));

UPDATE identity SET home_workspace_id = installation.workspace_id
  FROM installation WHERE identity.id <> installation.admin_id;
UPDATE identity SET is_account_admin = true
  FROM installation WHERE identity.id = installation.admin_id;

-- `users` holds whatever is assigned to the workspace, `admins` whatever is assigned as ADMIN; kept by the assignments
-- themselves, so that the two can never disagree.
CREATE FUNCTION keep_system_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM group_member USING identity AS system
     WHERE group_member.group_id = system.id AND group_member.member_id = OLD.identity_id
       AND system.system_group_of = OLD.workspace_id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO group_member (group_id, member_id)
    SELECT system.id, member.id
      FROM identity AS system, identity AS member
     WHERE system.system_group_of = NEW.workspace_id
       AND (system.system_group = 'users' OR NEW.permission = 'ADMIN')
       AND member.id = NEW.identity_id AND member.system_group IS NULL
        ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION make_system_groups(made_workspace bigint, made_account uuid) RETURNS void LANGUAGE sql AS $$
  WITH made AS (
    INSERT INTO identity (account_id, type, name, display_name, system_group, system_group_of)
    SELECT made_account, 'GROUP', system_group, system_group, system_group, made_workspace
      FROM unnest(ARRAY['users', 'admins']) AS system_group
    RETURNING id)
  INSERT INTO workspace_assignment (workspace_id, identity_id, permission)
  SELECT made_workspace, id, 'USER' FROM made
$$;

CREATE FUNCTION give_system_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM make_system_groups(NEW.id, NEW.account_id);
  RETURN NULL;
END $$;

SELECT make_system_groups(id, account_id) FROM workspace;
INSERT INTO group_member (group_id, member_id)
SELECT system.id, assignment.identity_id
  FROM workspace_assignment AS assignment
  JOIN identity AS member ON member.id = assignment.identity_id AND member.system_group IS NULL
  JOIN identity AS system ON system.system_group_of = assignment.workspace_id
   AND (system.system_group = 'users' OR assignment.permission = 'ADMIN');

CREATE TRIGGER workspace_made AFTER INSERT ON workspace
  FOR EACH ROW EXECUTE FUNCTION give_system_groups();
CREATE TRIGGER workspace_assignment_changed AFTER INSERT OR UPDATE OR DELETE ON workspace_assignment
  FOR EACH ROW EXECUTE FUNCTION keep_system_groups();
