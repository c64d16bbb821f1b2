/** The settings and the query that follow a login immediately. */
import type { Conversation, ErrorFields } from './conversation.ts'
import { askOwn } from './own-query.ts'

/** Sent with the login. Any other setting here would override what an administrator set for the role. */
export const LOGIN_SETTINGS = { application_name: 'lakegate-console', client_encoding: 'UTF8' } as const

/**
 * A little later than our own idle watch, which gives the reason; this limit also works when the control plane does
 * not.
 */
const IDLE_IN_TRANSACTION = '930s'

/**
 * Keeps the role's order of day and month, and a shorter limit for idle transactions that an administrator set; 0 means
 * no limit.
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
/** Not called unless a superuser owns it, because anybody could have created the function. */
const MEMBERSHIP_PATH = `SELECT pg_catalog.unnest(membership_path)::pg_catalog.text FROM public.databricks_session_identity()`

export interface OpenedFacts {
  readonly serverVersion: string
  readonly database: string
  readonly role: string
  readonly timeZone: string
  /** Ids from the group of the role down to the person; empty for the person's own role. */
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
