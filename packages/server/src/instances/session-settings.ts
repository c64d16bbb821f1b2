/**
 * The settings of administrative sessions are Lakegate's own. Whoever owns a database may change almost any setting of
 * all sessions in it (ALTER DATABASE … SET, ALTER ROLE ALL IN DATABASE … SET), those of superusers included: `role` takes
 * their rights away, `local_preload_libraries` keeps them out, `transaction_timeout` ends them. What a session is opened
 * with outranks all of that (PostgreSQL: Parameter Interaction via the Configuration File; guc.h, PGC_S_CLIENT).
 */
import pg from 'pg'
import { Fault } from '../domain/fault.ts'

export interface SessionWishes {
  readonly statementTimeoutMs: number
  /** Undefined: not known yet. */
  readonly pgMajorVersion: number | undefined
  /** Settings that only superusers may choose are chosen as well. */
  readonly asSuperuser: boolean
}

interface OwnSetting {
  readonly name: string
  readonly value: string
  /** The version of PostgreSQL that brought it. */
  readonly since?: number
  readonly superuserOnly?: true
}

/** Nobody but a superuser waits longer for a lock that strangers hold; the statement itself may take longer. */
const LONGEST_WAIT_FOR_LOCK_MS = 10_000
const lockTimeoutMs = (statementTimeoutMs: number): number =>
  Math.min(Math.ceil(statementTimeoutMs / 2), LONGEST_WAIT_FOR_LOCK_MS)

/**
 * What would keep a session from opening, from its rights, or from its first statement. Everything else is put back by
 * that statement (`PUT_BACK_SETTINGS`). `role` and `local_preload_libraries` cannot be put back later: `role` is not
 * shown in pg_settings, a library that is missing ends the session.
 */
const OWN_SETTINGS = ({ statementTimeoutMs }: SessionWishes): readonly OwnSetting[] => [
  { name: 'role', value: 'none' },
  { name: 'local_preload_libraries', value: '' },
  { name: 'search_path', value: 'pg_catalog' },
  { name: 'default_transaction_read_only', value: 'off' },
  { name: 'default_transaction_isolation', value: 'read committed' },
  { name: 'default_transaction_deferrable', value: 'off' },
  { name: 'statement_timeout', value: String(statementTimeoutMs) },
  { name: 'lock_timeout', value: String(lockTimeoutMs(statementTimeoutMs)) },
  { name: 'transaction_timeout', value: '0', since: 17 },
  { name: 'idle_in_transaction_session_timeout', value: '0' },
  { name: 'idle_session_timeout', value: '0' },
  { name: 'row_security', value: 'on' },
  { name: 'standard_conforming_strings', value: 'on' },
  { name: 'exit_on_error', value: 'off' },
  { name: 'createrole_self_grant', value: '', since: 16 },
  // Those of the operator, on a cluster of ours, where nobody else can make one.
  { name: 'event_triggers', value: 'off', since: 17, superuserOnly: true },
]

/** The versions that brought a setting, the newest first; the last one knows all others. */
const VERSIONS = [17, 16, 0] as const

/**
 * Connected. Tried first with what the version knows that the server is believed to have: a setting that the server does
 * not know ends the session (42704), and then it is tried with those of an earlier version.
 * @param configuration without any setting
 */
export async function openAdministrativeClient(
  configuration: pg.ClientConfig,
  wishes: SessionWishes,
): Promise<pg.Client> {
  const newest = wishes.pgMajorVersion ?? VERSIONS[0]
  const [first, ...earlier] = VERSIONS.filter((version) => version <= newest)
  let version = first ?? 0
  for (;;) {
    const client = new pg.Client({ ...configuration, ...sessionSettings(wishes, version) })
    // The statement in progress reports a lost connection.
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      endSoon(client)
      const next = earlier.shift()
      if (next === undefined || !isUnknownSetting(error)) throw error
      version = next
    }
  }
}

function sessionSettings(wishes: SessionWishes, version: number): pg.ClientConfig {
  const settings = OWN_SETTINGS(wishes).filter(
    ({ since = 0, superuserOnly = false }) => since <= version && (!superuserOnly || wishes.asSuperuser),
  )
  return {
    application_name: 'lakegate',
    // After the server's own, so that the answer is PostgreSQL's and the session goes on.
    query_timeout: wishes.statementTimeoutMs + 1_000,
    options: settings.map(({ name, value }) => `-c ${name}=${escapeOption(value)}`).join(' '),
  }
}

/** PostgreSQL parts the options at blanks, unless a backslash stands before them (libpq, `options`). */
const escapeOption = (value: string): string => value.replace(/[\\\s]/g, '\\$&')

const isUnknownSetting = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '42704'

/**
 * An expression: puts every other setting that came from the database or the role back to what PostgreSQL has built in,
 * and counts them. Settings of a superuser stay: whoever was given those is trusted. Of the transaction under way
 * PostgreSQL does not let everything be changed; none of it lasts.
 */
export const PUT_BACK_SETTINGS = `(
  SELECT pg_catalog.count(pg_catalog.set_config(name, boot_val, false))
    FROM pg_catalog.pg_settings
   WHERE source IN ('database', 'user', 'database user') AND context = 'user' AND boot_val IS NOT NULL
     AND name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable'))`

/** @throws Fault acting_as_another: nothing of ours is done with the rights of a stranger */
export function requireActingAs(expected: string, found: string | undefined): void {
  if (found === expected) return
  throw new Fault({
    code: 'acting_as_another',
    origin: 'instance',
    message: `The administrative session acts as ${JSON.stringify(found ?? '')}, not as ${expected}.`,
    nextStep: 'Look for settings of the database and of the role: SELECT * FROM pg_db_role_setting.',
  })
}

/**
 * Not waited for: of a connection whose TLS failed the driver never reports the end. A connection that never came to be,
 * or is lost, needs no Terminate.
 */
export function endSoon(client: pg.Client): void {
  client.end().catch(() => undefined)
}
