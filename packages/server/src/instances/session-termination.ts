/** Ends backends of a running instance over its standing administrative connection. */
import type { BackendTermination } from '../operations/session-ports.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

/** `idle` and both forms of `idle in transaction`; never a backend in the middle of a statement. */
const TERMINATE = {
  name: 'end_session',
  text: `
    SELECT pg_catalog.pg_terminate_backend(pid) AS ended
      FROM pg_catalog.pg_stat_activity
     WHERE pid = $1 AND usename = $2 AND (NOT $3 OR state LIKE 'idle%')`,
}

export const createBackendTermination = (connections: AdministrativeConnections): BackendTermination => ({
  async terminateBackend(instance, { processId, role, onlyWhenIdle }) {
    const [row] = await connections.query<{ ended: boolean }>(instance, TERMINATE, [
      processId,
      role,
      onlyWhenIdle,
    ])
    return row?.ended === true
  },
})
