/** Ends one session as PostgreSQL ends it: its backend says 57P01 between two messages, and goes. */
import type { InstanceUid } from '../domain/ids.ts'
import type { InstanceStore } from '../operations/ports.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

const TERMINATE = {
  name: 'terminate_backend',
  text: 'SELECT pg_catalog.pg_terminate_backend($1::pg_catalog.int4)',
}

/** @throws Fault instance_unreachable */
export const createTerminateBackend =
  (instances: Pick<InstanceStore, 'loadInstance'>, connections: AdministrativeConnections) =>
  async (uid: InstanceUid, processId: number): Promise<void> => {
    const instance = await instances.loadInstance(uid)
    if (instance !== undefined) await connections.query(instance, TERMINATE, [processId])
  }
