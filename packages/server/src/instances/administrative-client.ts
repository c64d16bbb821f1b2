/** How Lakegate itself connects to an instance: over its Unix socket as the system superuser, with a fixed search path. */
import pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../domain/role.ts'

const TIMEOUT_MS = 5_000

/**
 * Not yet connected. What clients set (search_path above all) never reaches these connections, and their SQL is
 * schema-qualified (attacks.md, CVE-2025-12819).
 * @throws Fault instance_unreachable when the instance was never started
 */
export function administrativeClient(
  instance: DatabaseInstance,
  database: string,
  statementTimeoutMs = TIMEOUT_MS,
): pg.Client {
  if (instance.socketDirectory === undefined) throw instanceUnreachable(instance, undefined)
  return new pg.Client({
    host: instance.socketDirectory,
    port: 5432,
    user: SYSTEM_SUPERUSER,
    database,
    application_name: 'lakegate',
    connectionTimeoutMillis: TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs,
    options: '-c search_path=pg_catalog -c idle_session_timeout=0',
  })
}

/**
 * Connects, does the work, disconnects.
 * @throws Fault instance_unreachable when it cannot be reached
 */
export async function inAdministrativeSession<Result>(
  instance: DatabaseInstance,
  database: string,
  statementTimeoutMs: number,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = administrativeClient(instance, database, statementTimeoutMs)
  // The statement in progress reports a lost connection.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    throw instanceUnreachable(instance, cause)
  }
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export function instanceUnreachable(instance: DatabaseInstance, cause: unknown): Fault {
  return new Fault({
    code: 'instance_unreachable',
    origin: 'instance',
    message: `The database instance ${instance.name} does not answer.`,
    nextStep: 'Retry in a few seconds; see the state of the instance.',
    retryable: true,
    cause,
  })
}
