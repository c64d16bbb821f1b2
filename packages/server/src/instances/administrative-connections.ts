/**
 * One standing administrative connection per instance: opened at the first query, opened again after it was lost,
 * closed when it is idle. So a login costs one query and no new connection (DESIGN §6.3).
 */
import type pg from 'pg'
import type { ClusterHost } from '../domain/attached-cluster.ts'
import type { DatabaseInstance, InstanceBackend } from '../domain/database-instance.ts'
import type { InstanceUid } from '../domain/ids.ts'
import { isDataException } from '../protocol/sqlstate.ts'
import {
  administrativeDatabase,
  instanceUnreachable,
  type AdministrativeAccess,
} from './administrative-client.ts'

export interface AdministrativeConnections {
  /**
   * @param onlyAt queries only this host of an attached cluster; no answer when another host is the primary now
   * @throws Fault instance_unreachable, retryable; or PostgreSQL's error about a value (`isDataException`)
   */
  query<Row extends pg.QueryResultRow>(
    instance: DatabaseInstance,
    statement: { readonly name: string; readonly text: string },
    parameters: readonly unknown[],
    onlyAt?: ClusterHost,
  ): Promise<readonly Row[]>
  /** Closes the connection to one instance, so that it can be stopped. */
  close(uid: InstanceUid): Promise<void>
  closeAll(): Promise<void>
}

interface StandingConnection {
  readonly place: string | undefined
  readonly client: Promise<pg.Client>
  /**
   * One timer for the whole life of the connection: if each query set its own, concurrent logins would leave timers
   * behind.
   */
  readonly idleTimer: NodeJS.Timeout
  /** Number of queries that wait for their answer; the connection is not idle while there are any. */
  underWay: number
  /** Resolves when the last query so far has succeeded or failed. */
  turn: Promise<unknown>
}

const IDLE_MS = 60_000

/**
 * Identifies where the instance is reached; a different value needs a new connection. Cheap to compute for an embedded
 * instance.
 */
export const placeOf = (backend: InstanceBackend): string | undefined =>
  backend.kind === 'embedded' ? backend.socketDirectory : JSON.stringify(backend.cluster)

const isAt = (client: pg.Client, { host, port }: ClusterHost): boolean =>
  client.host === host && client.port === port

export function createAdministrativeConnections(access: AdministrativeAccess): AdministrativeConnections {
  const standing = new Map<InstanceUid, StandingConnection>()

  function connect(instance: DatabaseInstance): StandingConnection {
    const known = standing.get(instance.uid)
    const place = placeOf(instance.backend)
    if (known !== undefined && known.place === place) return known
    // The instance has moved, or the caller's copy of it is older than the move.
    if (known !== undefined) leave(instance.uid, known)
    const forget = () => {
      clearTimeout(made.idleTimer)
      if (standing.get(instance.uid) === made) standing.delete(instance.uid)
    }
    const made: StandingConnection = {
      place,
      client: access.connect(instance, administrativeDatabase(instance)).then((client) => {
        client.on('error', forget)
        client.on('end', forget)
        return client
      }),
      idleTimer: setTimeout(() => {
        if (made.underWay > 0) made.idleTimer.refresh()
        else void retire(instance.uid, made)
      }, IDLE_MS).unref(),
      underWay: 0,
      turn: Promise.resolve(),
    }
    made.client.catch(forget)
    standing.set(instance.uid, made)
    return made
  }

  /** Ends this connection only: another query may already have opened the next one. */
  async function retire(uid: InstanceUid, connection: StandingConnection): Promise<void> {
    if (standing.get(uid) === connection) standing.delete(uid)
    clearTimeout(connection.idleTimer)
    // A connection that was never established, or is already lost, needs no closing.
    await connection.client.then((client) => client.end()).catch(() => undefined)
  }

  /** Sends no more queries there; those already sent still get their answer if the connection lives. */
  function leave(uid: InstanceUid, connection: StandingConnection): void {
    if (standing.get(uid) !== connection) return
    standing.delete(uid)
    // A query that still waits for the connection itself updates `turn` before it is read here.
    const answered = connection.client.then(
      () => connection.turn,
      () => undefined,
    )
    void answered.then(() => retire(uid, connection))
  }

  async function close(uid: InstanceUid): Promise<void> {
    const known = standing.get(uid)
    if (known !== undefined) await retire(uid, known)
  }

  return {
    async query<Row extends pg.QueryResultRow>(
      instance: DatabaseInstance,
      statement: { readonly name: string; readonly text: string },
      parameters: readonly unknown[],
      onlyAt?: ClusterHost,
    ) {
      const ask = async (connection: StandingConnection) => {
        connection.underWay += 1
        try {
          const client = await connection.client
          connection.idleTimer.refresh()
          if (onlyAt !== undefined && !isAt(client, onlyAt)) return []
          const { rows } = await inTurn(connection, () =>
            client.query<Row>({ ...statement, values: [...parameters] }),
          )
          return rows
        } finally {
          connection.underWay -= 1
        }
      }
      const connection = connect(instance)
      try {
        return await ask(connection)
      } catch (first) {
        if (isDataException(first)) throw first
        // The connection may have died with an earlier postmaster; a fresh connection shows whether that was the cause.
        leave(instance.uid, connection)
        try {
          return await ask(connect(instance))
        } catch (cause) {
          throw instanceUnreachable(instance, new AggregateError([first, cause]))
        }
      }
    },
    close,
    async closeAll() {
      await Promise.all([...standing.keys()].map(close))
    },
  }
}

/** Sends one query at a time: from version 9 on node-postgres has no queue of its own, and until then it warns. */
function inTurn<Result>(connection: StandingConnection, ask: () => Promise<Result>): Promise<Result> {
  const asked = connection.turn.then(ask)
  connection.turn = asked.catch(() => undefined)
  return asked
}
