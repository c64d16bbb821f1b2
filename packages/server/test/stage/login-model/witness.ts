/**
 * What a sequence's code reports of itself. The witness belongs to the superuser and runs with the rights of whoever
 * calls it, so its current_user is the role whose rights are in force there; it says so by a NOTICE, which no rollback
 * takes back, and which reaches whoever's session it is.
 */
import pg from 'pg'
import type { Attempt } from './model.ts'

const PREFIX = 'login-model '

export const WITNESS = `
  CREATE SCHEMA witness;
  GRANT USAGE ON SCHEMA witness TO PUBLIC;
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
      'name', role_name, 'target', target::text, 'label', new_label, 'succeeded', true);
  END $$;
  CREATE FUNCTION witness.failed() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
  BEGIN
    RAISE NOTICE '${PREFIX}%', 'failed';
  END $$;`

/** Collects what is reported in a session: an attempt is taken to succeed unless its code or its statement says otherwise. */
export class Testimony {
  #attempts: Attempt[] = []

  constructor(client: pg.Client) {
    client.on('notice', ({ message }) => {
      if (message?.startsWith(PREFIX) !== true) return
      const said = message.slice(PREFIX.length)
      if (said !== 'failed') this.#attempts.push(JSON.parse(said) as Attempt)
      else
        this.#attempts = this.#attempts.map((attempt, index, all) =>
          index === all.length - 1 ? { ...attempt, succeeded: false } : attempt,
        )
    })
  }

  /** What was reported since the last time. */
  take(): readonly Attempt[] {
    const taken = this.#attempts
    this.#attempts = []
    return taken
  }
}
