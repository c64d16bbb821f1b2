/** What a session is told, and asked, right behind its login. */
import type { Conversation, ErrorFields } from './conversation.ts'
import { askOwn } from './own-query.ts'

/** Sent with the login. Everything else would outrank what an administrator set for the role. */
export const LOGIN_SETTINGS = { application_name: 'lakegate-console', client_encoding: 'UTF8' } as const

/** A little behind our own watch, which says why; this one also works when the control plane does not. */
const IDLE_IN_TRANSACTION = '930s'

/**
 * The order of day and month stays that of the role, and a shorter limit that an administrator set for idle transactions does
 * too: 0 is none.
 */
const OPEN = `
  SELECT pg_catalog.set_config('DateStyle', 'ISO', false), pg_catalog.set_config('bytea_output', 'hex', false),
         CASE WHEN idle.milliseconds OPERATOR(pg_catalog.=) 0 OR idle.milliseconds OPERATOR(pg_catalog.>) 930000
              THEN pg_catalog.set_config('idle_in_transaction_session_timeout', '${IDLE_IN_TRANSACTION}', false) END,
         CASE WHEN $1::pg_catalog.text IS NOT NULL THEN pg_catalog.set_config('TimeZone', $1::pg_catalog.text, false) END,
         pg_catalog.current_setting('server_version'), pg_catalog.current_database(), SESSION_USER::pg_catalog.text,
         identity.is_ours
    FROM (SELECT setting.setting::pg_catalog.int8 AS milliseconds FROM pg_catalog.pg_settings AS setting
           WHERE setting.name OPERATOR(pg_catalog.=) 'idle_in_transaction_session_timeout') AS idle
   CROSS JOIN (SELECT EXISTS (
           SELECT FROM pg_catalog.pg_proc AS function
             JOIN pg_catalog.pg_roles AS owner ON owner.oid OPERATOR(pg_catalog.=) function.proowner
            WHERE function.oid OPERATOR(pg_catalog.=) pg_catalog.to_regprocedure('public.databricks_session_identity()')
              AND owner.rolsuper) AS is_ours) AS identity`

const TIME_ZONE = `SELECT pg_catalog.current_setting('TimeZone')`
/** A function that is not a superuser's could be anybody's: it is not called. */
const MEMBERSHIP_PATH = `SELECT pg_catalog.unnest(membership_path)::pg_catalog.text FROM public.databricks_session_identity()`

export interface OpenedFacts {
  readonly serverVersion: string
  readonly database: string
  readonly role: string
  readonly timeZone: string
  /** Ids from the group of the role down to the person; empty for the own role. */
  readonly path: readonly string[]
}

/** @throws ConversationOver */
export async function askOpening(
  conversation: Conversation,
  timeZone: string | undefined,
): Promise<OpenedFacts | ErrorFields> {
  const opened = await askOwn(conversation, OPEN, [timeZone ?? null], false)
  if ('error' in opened) return opened.error
  const [row = []] = opened.rows
  const zone = await askOwn(conversation, TIME_ZONE, [], false)
  const path = row[7] === 't' ? await askOwn(conversation, MEMBERSHIP_PATH, [], false) : undefined
  return {
    serverVersion: row[4] ?? '',
    database: row[5] ?? '',
    role: row[6] ?? '',
    timeZone: ('rows' in zone ? zone.rows[0]?.[0] : undefined) ?? '',
    path: path !== undefined && 'rows' in path ? path.rows.flatMap(([id]) => id ?? []) : [],
  }
}
