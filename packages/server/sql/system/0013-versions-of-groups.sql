-- A group is another one when its members are (RFC 7644 §3.14), whoever changes them: SCIM, an assignment to a workspace,
-- or the deletion of a member. `users` follows every assignment and is changed by nobody; one row that every new user
-- would write is left alone.
CREATE FUNCTION count_change_of_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed JOIN identity ON identity.id = changed.group_id
              WHERE identity.system_group IS DISTINCT FROM 'users') THEN
    UPDATE identity SET version = version + 1, updated_at = now()
     WHERE id IN (SELECT group_id FROM changed) AND system_group IS DISTINCT FROM 'users';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER members_joined AFTER INSERT ON group_member
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_members();
CREATE TRIGGER members_gone AFTER DELETE ON group_member
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_members();
