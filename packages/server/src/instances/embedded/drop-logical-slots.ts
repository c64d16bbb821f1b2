/** Removes what change data capture left in an instance after it was switched off. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { AdministrativeAccess } from '../administrative-client.ts'

const TIMEOUT_MS = 60_000

/**
 * Nobody can read from these slots any more; PostgreSQL would keep write-ahead log for them, and would not start with a
 * lower wal_level.
 */
export async function dropLogicalSlots(
  access: AdministrativeAccess,
  instance: DatabaseInstance,
): Promise<void> {
  await access.inSession(instance, 'postgres', TIMEOUT_MS, (client) =>
    client.query(
      `SELECT pg_catalog.pg_drop_replication_slot(slot_name)
         FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' AND NOT active`,
    ),
  )
}
