-- What is measured with, out of reach of everybody in the instance.

GRANT USAGE ON SCHEMA stage TO PUBLIC;

CREATE TABLE stage.armed (run int, context text, backend_type text, session_role name, keeps boolean);
INSERT INTO stage.armed (run) VALUES (0);
CREATE TABLE stage.attempt (position int, whose text, statement text);
CREATE TABLE stage.outcome (
  run int, position int, backend_type text, session_role name, rights_of name,
  whose text, statement text, changed text[], failure text);
GRANT SELECT ON stage.armed, stage.attempt TO PUBLIC;
GRANT SELECT, INSERT ON stage.outcome TO PUBLIC;

-- Only members of pg_read_all_stats see this of the sessions of others, the own one among them when rights are lent.
CREATE FUNCTION stage.backend_type() RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
  SELECT backend_type FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())
$$;

-- Everything that decides who may log in as whom and with what rights: what it is about, and what it says. Besides, a
-- table attack.made that belongs to another role than the one whose rights are in force.
CREATE FUNCTION stage.facts() RETURNS text[] LANGUAGE sql VOLATILE AS $$
  SELECT pg_catalog.array_agg(fact.subject || ' ' || fact.content)
    FROM (SELECT role.oid::text, role::text FROM pg_catalog.pg_roles AS role
          UNION ALL
          SELECT label.objoid::text, label::text FROM pg_catalog.pg_shseclabel AS label
          UNION ALL
          SELECT membership.roleid::text, membership::text FROM pg_catalog.pg_auth_members AS membership
          UNION ALL
          SELECT 'table', '' FROM pg_catalog.pg_class AS class
           WHERE class.oid = pg_catalog.to_regclass('attack.made')
             AND pg_catalog.pg_get_userbyid(class.relowner) <> current_user) AS fact (subject, content)
$$;

CREATE FUNCTION stage.difference(before text[], after text[]) RETURNS text[] LANGUAGE sql VOLATILE AS $$
  SELECT COALESCE(pg_catalog.array_agg(DISTINCT CASE
           WHEN changed.subject = 'table' THEN 'a table for another role'
           WHEN EXISTS (SELECT FROM pg_catalog.unnest(before) AS known
                         WHERE pg_catalog.starts_with(known, changed.subject || ' '))
           THEN pg_catalog.pg_get_userbyid(changed.subject::oid)::text
           ELSE 'a new role' END), '{}')
    FROM (SELECT pg_catalog.split_part(fact, ' ', 1) AS subject
            FROM ((SELECT fact FROM pg_catalog.unnest(before) AS fact
                   EXCEPT SELECT fact FROM pg_catalog.unnest(after) AS fact)
                  UNION ALL
                  (SELECT fact FROM pg_catalog.unnest(after) AS fact
                   EXCEPT SELECT fact FROM pg_catalog.unnest(before) AS fact)) AS either) AS changed
$$;
