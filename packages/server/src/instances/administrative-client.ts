/**
 * How Lakegate itself connects to an instance, with a fixed search path: to an embedded one over its Unix socket as the
 * system superuser, to an attached one over TLS as its administrative role.
 */
import type pg from 'pg'
import type { DatabaseInstance } from '../domain/database-instance.ts'
import { Fault } from '../domain/fault.ts'
import { SYSTEM_SUPERUSER } from '../domain/role.ts'
import type { ClusterConnector } from './attached/connect-to-primary.ts'
import { isBusy, isDenied, sentenceOf } from './postgresql-errors.ts'
import { openAdministrativeClient, PUT_BACK_SETTINGS, requireActingAs } from './session-settings.ts'

const TIMEOUT_MS = 5_000
/**
 * The `postgres` database of an embedded cluster. It belongs to the system superuser, so nobody else can set anything
 * for it.
 */
const OWN_DATABASE = 'postgres'

export interface AdministrativeAccess {
  /**
   * Opens a connection. Settings of clients and of database owners never affect these connections
   * (session-settings.ts), and their SQL is schema-qualified (attack 12, CVE-2025-12819).
   * @throws Fault instance_unreachable when the instance was never started; or the Fault that says why it cannot be
   * reached
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
    const client = await openAdministrativeClient(
      {
        host: backend.socketDirectory,
        port: 5432,
        user: SYSTEM_SUPERUSER,
        database,
        connectionTimeoutMillis: TIMEOUT_MS,
      },
      { statementTimeoutMs, pgMajorVersion: instance.pgMajorVersion, asSuperuser: true },
    )
    if (database === OWN_DATABASE) return client
    try {
      const { rows } = await client.query<{ acts_as: string }>(
        `SELECT ${PUT_BACK_SETTINGS} AS put_back, CURRENT_USER::text AS acts_as`,
      )
      requireActingAs(SYSTEM_SUPERUSER, rows[0]?.acts_as)
      return client
    } catch (error) {
      await client.end()
      throw error
    }
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
        if (instance.backend.kind === 'attached' && isDenied(error)) throw privilegeMissing(instance, error)
        throw isBusy(error) ? instanceBusy(instance, error) : error
      } finally {
        await client.end()
      }
    },
  }
}

/**
 * The database for queries about roles and for changing them; roles belong to the cluster, so any database would do.
 */
export const administrativeDatabase = ({ backend }: Pick<DatabaseInstance, 'backend'>): string =>
  backend.kind === 'attached' ? backend.cluster.database : OWN_DATABASE

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

/**
 * Another session holds a lock that we need for longer than we wait; retryable, because it may release the lock at any
 * moment.
 */
function instanceBusy({ name }: DatabaseInstance, cause: Error): Fault {
  return new Fault({
    code: 'instance_busy',
    origin: 'instance',
    message: `Another session of the database instance ${name} holds a lock that this needs: ${sentenceOf(cause)}`,
    nextStep: 'End that session or its transaction (pg_locks, pg_blocking_pids), and repeat.',
    retryable: true,
    cause,
  })
}

function privilegeMissing({ name }: DatabaseInstance, cause: Error): Fault {
  return new Fault({
    code: 'administration_lacks_privilege',
    origin: 'configuration',
    message: `The administrative role of the database instance ${name} may not do this: ${sentenceOf(cause)}`,
    nextStep: 'See docs/attached-instances.md for the privileges that each feature needs.',
    cause,
  })
}
