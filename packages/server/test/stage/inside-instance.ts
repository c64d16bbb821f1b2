/**
 * Sessions inside an instance past the gateway, over its Unix socket: as its superuser, or as any role, as only the
 * account that runs Lakegate may. So a test sees what no client sees, and holds a session that outlives a Lakegate.
 */
import path from 'node:path'
import pg from 'pg'
import type { InstanceUid } from '../../src/domain/ids.ts'
import {
  createAdministrativeAccess,
  type AdministrativeAccess,
} from '../../src/instances/administrative-client.ts'
import type { DatabaseInstance } from '../../src/domain/database-instance.ts'
import { instanceRow } from '../operations/instance-world.ts'
import type { Lakegate } from './lakegate.ts'

type Inside = Pick<Lakegate, 'ready' | 'dataDirectory'>

const socketDirectoryOf = ({ ready, dataDirectory }: Inside): string =>
  path.join(dataDirectory, 'instances', ready.instance.uid, 'socket')

/** Not yet closed: whoever opens it ends it. */
export async function sessionInside(lakegate: Inside, user: string, database: string): Promise<pg.Client> {
  const client = new pg.Client({ host: socketDirectoryOf(lakegate), port: 5432, user, database })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

export async function asSuperuser<Row extends pg.QueryResultRow>(
  lakegate: Inside,
  text: string,
  values: readonly unknown[] = [],
  database = 'postgres',
): Promise<Row[]> {
  const client = await sessionInside(lakegate, 'cloud_admin', database)
  try {
    const { rows } = await client.query<Row>(text, values.length === 0 ? undefined : [...values])
    return rows
  } finally {
    await client.end()
  }
}

/** The product's own way in, as this process has it, with the instance that it leads to. */
export function administrationInside(lakegate: Inside): {
  readonly access: AdministrativeAccess
  readonly instance: DatabaseInstance
} {
  return {
    access: createAdministrativeAccess({
      connect: () => Promise.reject(new Error('no cluster is attached here')),
    }),
    instance: instanceRow({
      uid: lakegate.ready.instance.uid as InstanceUid,
      pgMajorVersion: 18,
      backend: { kind: 'embedded', socketDirectory: socketDirectoryOf(lakegate) },
    }),
  }
}
