/**
 * One standing administrative connection per instance, opened at the first question, made anew when it was lost,
 * closed when nobody asks any more: a login pays for one query and no connection (DESIGN §6.3).
 */
import type pg from 'pg'
import type { DatabaseInstance, InstanceBackend } from '../domain/database-instance.ts'
import type { InstanceUid } from '../domain/ids.ts'
import {
  administrativeDatabase,
  instanceUnreachable,
  type AdministrativeAccess,
} from './administrative-client.ts'

export interface AdministrativeConnections {
  /** @throws Fault instance_unreachable, retryable */
  query<Row extends pg.QueryResultRow>(
    instance: DatabaseInstance,
    statement: { readonly name: string; readonly text: string },
    parameters: readonly unknown[],
  ): Promise<readonly Row[]>
  /** Closes the connection to one instance, which may then be stopped. */
  close(uid: InstanceUid): Promise<void>
  closeAll(): Promise<void>
}

interface Standing {
  readonly place: string | undefined
  readonly client: Promise<pg.Client>
  idleTimer: NodeJS.Timeout | undefined
}

const IDLE_MS = 60_000

/** Another place is another connection; comparing costs an embedded instance nothing. */
export const placeOf = (backend: InstanceBackend): string | undefined =>
  backend.kind === 'embedded' ? backend.socketDirectory : JSON.stringify(backend.cluster)

export function createAdministrativeConnections(access: AdministrativeAccess): AdministrativeConnections {
  const standing = new Map<InstanceUid, Standing>()

  function connect(instance: DatabaseInstance): Standing {
    const known = standing.get(instance.uid)
    const place = placeOf(instance.backend)
    if (known?.place === place && known !== undefined) return known
    const forget = () => {
      if (standing.get(instance.uid) === made) standing.delete(instance.uid)
    }
    const made: Standing = {
      place,
      client: access.connect(instance, administrativeDatabase(instance)).then((client) => {
        client.on('error', forget)
        client.on('end', forget)
        return client
      }),
      idleTimer: undefined,
    }
    made.client.catch(forget)
    standing.set(instance.uid, made)
    return made
  }

  async function close(uid: InstanceUid): Promise<void> {
    const known = standing.get(uid)
    if (known === undefined) return
    standing.delete(uid)
    clearTimeout(known.idleTimer)
    // A connection that never came to be, or is already lost, needs no closing.
    await known.client.then((client) => client.end()).catch(() => undefined)
  }

  return {
    async query<Row extends pg.QueryResultRow>(
      instance: DatabaseInstance,
      statement: { readonly name: string; readonly text: string },
      parameters: readonly unknown[],
    ) {
      const ask = async () => {
        const connection = connect(instance)
        clearTimeout(connection.idleTimer)
        const client = await connection.client
        connection.idleTimer = setTimeout(() => void close(instance.uid), IDLE_MS).unref()
        const { rows } = await client.query<Row>({ ...statement, values: [...parameters] })
        return rows
      }
      try {
        return await ask()
      } catch (first) {
        // The connection may have died with an earlier postmaster; a fresh one settles it.
        await close(instance.uid)
        try {
          return await ask()
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
