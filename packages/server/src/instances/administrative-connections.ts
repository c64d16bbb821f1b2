/**
 * One standing administrative connection per instance, opened at the first question, made anew when it was lost,
 * closed when nobody asks any more: a login pays for one query and no connection (DESIGN §6.3).
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
   * @param onlyAt asks this host of an attached cluster and no other: without an answer when another is the primary now
   * @throws Fault instance_unreachable, retryable; or what PostgreSQL said of a value (`isDataException`)
   */
  query<Row extends pg.QueryResultRow>(
    instance: DatabaseInstance,
    statement: { readonly name: string; readonly text: string },
    parameters: readonly unknown[],
    onlyAt?: ClusterHost,
  ): Promise<readonly Row[]>
  /** Closes the connection to one instance, which may then be stopped. */
  close(uid: InstanceUid): Promise<void>
  closeAll(): Promise<void>
}

interface Standing {
  readonly place: string | undefined
  readonly client: Promise<pg.Client>
  /** One for the whole life of the connection: logins of the same moment must not each leave one behind. */
  readonly idleTimer: NodeJS.Timeout
  /** Questions that wait for their answer; none of them may be cut off for idleness. */
  underWay: number
  /** Resolves when the last question so far is answered, however. */
  turn: Promise<unknown>
}

const IDLE_MS = 60_000

/** Another place is another connection; comparing costs an embedded instance nothing. */
export const placeOf = (backend: InstanceBackend): string | undefined =>
  backend.kind === 'embedded' ? backend.socketDirectory : JSON.stringify(backend.cluster)

const isAt = (client: pg.Client, { host, port }: ClusterHost): boolean =>
  client.host === host && client.port === port

export function createAdministrativeConnections(access: AdministrativeAccess): AdministrativeConnections {
  const standing = new Map<InstanceUid, Standing>()

  function connect(instance: DatabaseInstance): Standing {
    const known = standing.get(instance.uid)
    const place = placeOf(instance.backend)
    if (known !== undefined && known.place === place) return known
    // Moved, or asked by somebody who does not know yet that it did.
    if (known !== undefined) leave(instance.uid, known)
    const forget = () => {
      clearTimeout(made.idleTimer)
      if (standing.get(instance.uid) === made) standing.delete(instance.uid)
    }
    const made: Standing = {
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

  /** Ends this connection and no other: another question may have opened the next one already. */
  async function retire(uid: InstanceUid, connection: Standing): Promise<void> {
    if (standing.get(uid) === connection) standing.delete(uid)
    clearTimeout(connection.idleTimer)
    // A connection that never came to be, or is already lost, needs no closing.
    await connection.client.then((client) => client.end()).catch(() => undefined)
  }

  /** Nobody asks there any more; who has asked already gets an answer, if it lives. */
  function leave(uid: InstanceUid, connection: Standing): void {
    if (standing.get(uid) !== connection) return
    standing.delete(uid)
    // Whoever waits for the connection itself takes a turn before this reads the last one.
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
      const ask = async (connection: Standing) => {
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
        // The connection may have died with an earlier postmaster; a fresh one settles it.
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

/** One question at a time: node-postgres keeps no queue of its own from version 9 on, and warns of that until then. */
function inTurn<Result>(connection: Standing, ask: () => Promise<Result>): Promise<Result> {
  const asked = connection.turn.then(ask)
  connection.turn = asked.catch(() => undefined)
  return asked
}
