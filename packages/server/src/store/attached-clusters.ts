/**
 * Attached clusters in the system database: how they are reached, and the secrets for that, encrypted by the caller.
 */
import type { Insertable, Selectable } from 'kysely'
import type { AttachedCluster } from '../domain/attached-cluster.ts'
import type { InstanceBackend } from '../domain/database-instance.ts'
import type { InstanceUid, RoleOid } from '../domain/ids.ts'
import type { AttachedSecretStore } from '../operations/ports/attached.ts'
import type { SystemSchema, SystemTransaction } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

type Table = SystemSchema['database_instance']

export const attachedColumn = (cluster: AttachedCluster | undefined): string | null =>
  cluster === undefined ? null : JSON.stringify(cluster)

/** The columns that a start finds out about the cluster. */
export const foundColumns = (backend: InstanceBackend): Partial<Insertable<Table>> =>
  backend.kind === 'embedded'
    ? { socket_directory: backend.socketDirectory ?? null }
    : { attached_bindings: backend.bindings ?? null }

export function backendOf(
  row: Pick<Selectable<Table>, 'attached_cluster' | 'attached_bindings' | 'socket_directory'>,
): InstanceBackend {
  if (row.attached_cluster === null)
    return { kind: 'embedded', socketDirectory: row.socket_directory ?? undefined }
  // Written by `attachedColumn` alone; JSON has no undefined, which reads back as a missing member.
  const cluster = row.attached_cluster as AttachedCluster
  return { kind: 'attached', cluster, bindings: row.attached_bindings ?? undefined }
}

export async function saveAdministrativePassword(
  transaction: SystemTransaction,
  uid: InstanceUid,
  encryptedPassword: Uint8Array,
): Promise<void> {
  await transaction
    .insertInto('attached_cluster_password')
    .values({ instance_uid: uid, password_encrypted: encryptedPassword })
    .onConflict((conflict) =>
      conflict.column('instance_uid').doUpdateSet({ password_encrypted: encryptedPassword }),
    )
    .execute()
}

export function createAttachedSecretStore(database: SystemDatabase): AttachedSecretStore {
  return {
    loadAdministrativePassword: (uid) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('attached_cluster_password')
          .select('password_encrypted')
          .where('instance_uid', '=', uid)
          .executeTakeFirst()
        return row?.password_encrypted
      }),

    listRoleKeys: (uid) =>
      askSystemDatabase(async () => {
        const rows = await database
          .selectFrom('managed_role_key')
          .select(['role_oid', 'key_encrypted'])
          .where('instance_uid', '=', uid)
          .execute()
        return rows.map((row) => ({ roleOid: row.role_oid as RoleOid, encryptedKey: row.key_encrypted }))
      }),

    loadRoleKey: (uid, role) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('managed_role_key')
          .select(['key_encrypted', 'applied'])
          .where('instance_uid', '=', uid)
          .where('role_oid', '=', role)
          .executeTakeFirst()
        return row === undefined ? undefined : { encryptedKey: row.key_encrypted, isApplied: row.applied }
      }),

    insertRoleKey: (uid, role, encryptedKey) =>
      askSystemDatabase(async () => {
        await database
          .insertInto('managed_role_key')
          .values({ instance_uid: uid, role_oid: role, key_encrypted: encryptedKey, applied: false })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }),

    markRoleKeyApplied: (uid, role) =>
      askSystemDatabase(async () => {
        await database
          .updateTable('managed_role_key')
          .set({ applied: true })
          .where('instance_uid', '=', uid)
          .where('role_oid', '=', role)
          .execute()
      }),
  }
}
