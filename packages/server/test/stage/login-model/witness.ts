/**
 * What a sequence's code reports of itself. The witness belongs to the superuser and runs with the rights of whoever
 * calls it, so its current_user is the role whose rights are in force there; it says so by a NOTICE, which no rollback
 * takes back, and which reaches whoever's session it is; a sequence counts, which no rollback takes back either, where
 * the gateway keeps such messages from its client.
 */
import type pg from 'pg'
import type { Attempt } from './model.ts'

const PREFIX = 'login-model '

export const WITNESS = `
  CREATE SCHEMA witness;
  GRANT USAGE ON SCHEMA witness TO PUBLIC;
  CREATE SEQUENCE witness.runs;
  GRANT ALL ON SEQUENCE witness.runs TO PUBLIC;
  CREATE FUNCTION witness.note(call text, role_name text, new_label text) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    target CONSTANT oid := (SELECT oid FROM pg_roles WHERE rolname = role_name);
  BEGIN
    RAISE NOTICE '${PREFIX}%', json_build_object(
      'call', call, 'caller', current_user, 'session', session_user,
      'callerIsSuperuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
      'administers', target IS NOT NULL AND pg_has_role(current_user, target, 'MEMBER WITH ADMIN OPTION'),
      'mayCreate', (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user)
                   AND has_database_privilege(current_user, current_database(), 'CREATE'),
      'isOurs', EXISTS (SELECT FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
                         WHERE nspname = 'public' AND proname = CASE call WHEN 'set_label' THEN 'databricks_set_role_label'
                                                                          ELSE 'databricks_create_role' END
                           AND proargtypes = '25 25' AND proowner = 10),
      'name', role_name, 'target', target::text, 'label', new_label, 'succeeded', true);
  END $$;
  -- Around code whose failure stays within it: 'opened', then 'closed' or 'failed'.
  CREATE FUNCTION witness.block(event text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
  BEGIN
    RAISE NOTICE '${PREFIX}%', event;
  END $$;`

/** For code that is not to run at all. */
export const COUNT_RUN = `PERFORM pg_catalog.nextval('witness.runs');`

export async function countRuns(superuser: pg.Client): Promise<string> {
  const { rows } = await superuser.query<{ runs: string }>(
    `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS runs FROM witness.runs`,
  )
  return rows[0]?.runs ?? ''
}

/** Collects what is reported in a session: an attempt is taken to succeed unless its code or its statement says otherwise. */
export class Testimony {
  #attempts: Attempt[] = []
  /** Of each block that is open, how many attempts there were before it. */
  #blocks: number[] = []

  constructor(client: pg.Client) {
    client.on('notice', ({ message }) => {
      if (message?.startsWith(PREFIX) === true) this.#hear(message.slice(PREFIX.length))
    })
  }

  #hear(said: string): void {
    switch (said) {
      case 'opened':
        this.#blocks.push(this.#attempts.length)
        return
      case 'closed':
        this.#blocks.pop()
        return
      case 'failed': {
        // Everything in the block is undone, and nothing before it.
        const before = this.#blocks.pop() ?? this.#attempts.length
        this.#attempts = this.#attempts.map((attempt, index) =>
          index < before ? attempt : { ...attempt, succeeded: false },
        )
        return
      }
      default:
        this.#attempts.push(JSON.parse(said) as Attempt)
    }
  }

  /** What was reported since the last time. */
  take(): readonly Attempt[] {
    const taken = this.#attempts
    this.#attempts = []
    this.#blocks = []
    return taken
  }
}
