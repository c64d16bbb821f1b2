/**
 * How Lakegate itself connects to an instance, with a fixed search path: to an embedded one over its Unix socket as the
 * system superuser, to an attached one over TLS as its administrative role.
 */
import pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../domain/role.ts'
import type { ClusterConnector } from './attached/connect-to-primary.ts'

const TIMEOUT_MS = 5_000

export interface AdministrativeAccess {
  /**
   * Connected. What clients set (search_path above all) never reaches these connections, and their SQL is
   * schema-qualified (attacks.md, CVE-2025-12819).
   * @throws Fault instance_unreachable when the instance was never started; or what stands in the way
   */
  connect(instance: DatabaseInstance, database: string, statementTimeoutMs?: number): Promise<pg.Client>
  /**
   * Connects, does the work, disconnects.
   * @throws Fault instance_unreachable when it cannot be reached
   */
  inSession<Result>(
    instance: DatabaseInstance,
    database: string,
    statementTimeoutMs: number,
    work: (client: pg.Client) => Promise<Result>,
  ): Promise<Result>
}

export function createAdministrativeAccess(clusters: ClusterConnector): AdministrativeAccess {
  async function connect(
    instance: DatabaseInstance,
    database: string,
    statementTimeoutMs = TIMEOUT_MS,
  ): Promise<pg.Client> {
    const { backend } = instance
    if (backend.kind === 'attached') {
      const { client } = await clusters.connect({ ...instance, backend }, database, statementTimeoutMs)
      return client
    }
    if (backend.socketDirectory === undefined) throw instanceUnreachable(instance, undefined)
    const client = new pg.Client({
      host: backend.socketDirectory,
      port: 5432,
      user: SYSTEM_SUPERUSER,
      database,
      connectionTimeoutMillis: TIMEOUT_MS,
      ...sessionSettings(statementTimeoutMs),
    })
    // The statement in progress reports a lost connection.
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  return {
    connect,
    async inSession(instance, database, statementTimeoutMs, work) {
      let client: pg.Client
      try {
        client = await connect(instance, database, statementTimeoutMs)
      } catch (cause) {
        throw cause instanceof Fault ? cause : instanceUnreachable(instance, cause)
      }
      try {
        return await work(client)
      } catch (error) {
        throw instance.backend.kind === 'attached' && isPrivilegeMissing(error)
          ? privilegeMissing(instance, error)
          : error
      } finally {
        await client.end()
      }
    },
  }
}

/** What every administrative connection is opened with. */
export const sessionSettings = (statementTimeoutMs: number) => ({
  application_name: 'lakegate',
  statement_timeout: statementTimeoutMs,
  query_timeout: statementTimeoutMs,
  options: '-c search_path=pg_catalog -c idle_session_timeout=0',
})

/** Where roles are looked at and changed; they belong to the cluster, so any database would do. */
export const administrativeDatabase = ({ backend }: Pick<DatabaseInstance, 'backend'>): string =>
  backend.kind === 'attached' ? backend.cluster.database : 'postgres'

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

const isPrivilegeMissing = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === '42501'

function privilegeMissing({ name }: DatabaseInstance, cause: Error): Fault {
  return new Fault({
    code: 'administration_lacks_privilege',
    origin: 'configuration',
    message: `The administrative role of the database instance ${name} may not do this: ${cause.message}.`,
    nextStep: 'See docs/attached-instances.md for the privileges that each feature needs.',
    cause,
  })
}
