/**
 * Administrative sessions use Lakegate's own settings. The owner of a database may change almost any setting of all
 * sessions in it (ALTER DATABASE … SET, ALTER ROLE ALL IN DATABASE … SET), including those of superusers: `role` takes
 * their privileges away, `local_preload_libraries` prevents the connection, `transaction_timeout` ends it. The options
 * that a session is opened with override all of these (PostgreSQL: Parameter Interaction via the Configuration File;
 * guc.h, PGC_S_CLIENT).
 */
import pg from 'pg'
import { Fault } from '../domain/fault.ts'

export interface SessionWishes {
  readonly statementTimeoutMs: number
  /** Undefined when it is not known yet. */
  readonly pgMajorVersion: number | undefined
  /** Whether to set also the settings that only superusers may set. */
  readonly asSuperuser: boolean
}

interface OwnSetting {
  readonly name: string
  readonly value: string
  /** The version of PostgreSQL that introduced it. */
  readonly since?: number
  readonly superuserOnly?: true
}

/** Limit for waiting on a lock that another session holds; the statement itself may take longer. */
const LONGEST_WAIT_FOR_LOCK_MS = 10_000
const lockTimeoutMs = (statementTimeoutMs: number): number =>
  Math.min(Math.ceil(statementTimeoutMs / 2), LONGEST_WAIT_FOR_LOCK_MS)

/**
 * Settings that could prevent the session, take its privileges, or break its first statement. That statement resets all
 * others (`PUT_BACK_SETTINGS`). `role` and `local_preload_libraries` cannot be reset later: pg_settings does not show
 * `role`, and a missing library ends the session.
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
  // Skips event triggers. On our own clusters only the operator can create one.
  { name: 'event_triggers', value: 'off', since: 17, superuserOnly: true },
]

/** The versions that introduced a setting, the newest first; every server knows the settings of the last entry. */
const VERSIONS = [17, 16, 0] as const

/**
 * Opens a connection. It first tries the settings known to the version that the server is believed to have. A setting
 * that the server does not know ends the session (42704); then the settings of an earlier version are tried.
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
    // A query in progress reports a lost connection itself.
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
    // Longer than the server's own timeout, so that PostgreSQL answers first and the session continues.
    query_timeout: wishes.statementTimeoutMs + 1_000,
    options: settings.map(({ name, value }) => `-c ${name}=${escapeOption(value)}`).join(' '),
  }
}

/** PostgreSQL splits the options at blanks, unless a backslash precedes them (libpq, `options`). */
const escapeOption = (value: string): string => value.replace(/[\\\s]/g, '\\$&')

const isUnknownSetting = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '42704'

/**
 * An SQL expression: resets every other setting that came from the database or the role to PostgreSQL's built-in value,
 * and counts them. Settings that only a superuser may set stay, because whoever was allowed to set them is trusted. The
 * settings of the transaction in progress are left out, because PostgreSQL does not let them all be changed, and none
 * of them outlasts it.
 */
export const PUT_BACK_SETTINGS = `(
  SELECT pg_catalog.count(pg_catalog.set_config(name, boot_val, false))
    FROM pg_catalog.pg_settings
   WHERE source IN ('database', 'user', 'database user') AND context = 'user' AND boot_val IS NOT NULL
     AND name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable'))`

/** @throws Fault acting_as_another: Lakegate does nothing with the privileges of another role */
export function requireActingAs(expected: string, found: string | undefined): void {
  if (found === expected) return
  throw new Fault({
    code: 'acting_as_another',
    origin: 'instance',
    message: `The administrative session acts as ${JSON.stringify(found ?? '')}, not as ${expected}.`,
    nextStep: 'Check the settings of the database and of the role: SELECT * FROM pg_db_role_setting.',
  })
}

/**
 * Ends a connection without waiting: if its TLS handshake failed, the driver never reports the end. A connection that
 * was never established, or is lost, needs no Terminate message.
 */
export function endSoon(client: pg.Client): void {
  client.end().catch(() => undefined)
}
