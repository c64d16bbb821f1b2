/**
 * Ends backends of a running instance over its standing administrative connection, and makes sure that it is the right
 * backend.
 */
import type { InstanceStore } from '../operations/ports/instances.ts'
import type { BackendTermination } from '../operations/ports/sessions.ts'
import type { AdministrativeConnections } from './administrative-connections.ts'

/**
 * One statement both checks and ends the backend. `idle` also covers both forms of `idle in transaction`, and never a
 * backend that is executing a statement. `backend_start` is null for a role that may not see it, and then nothing is
 * ended.
 */
const TERMINATE = {
  name: 'end_session',
  text: `
    SELECT pg_catalog.pg_terminate_backend(pid) AS ended
      FROM pg_catalog.pg_stat_activity
     WHERE pid = $1 AND usesysid = $2 AND (NOT $3 OR state LIKE 'idle%')
       AND ($4::float8 IS NULL
            OR pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - backend_start) * 1000 >= $4::float8)`,
}

/** The age is measured with two clocks, the gateway's and the server's. */
const CLOCKS_DIFFER_MS = 10_000
const CLOCKS_DRIFT = 0.001

export const createBackendTermination = (
  instances: Pick<InstanceStore, 'loadInstance'>,
  connections: AdministrativeConnections,
): BackendTermination => ({
  async terminateBackend(known, { processId, roleOid, host, ageMs, onlyWhenIdle }) {
    // An attached cluster may have been given other hosts since the login.
    const instance = known.backend.kind === 'embedded' ? known : await instances.loadInstance(known.uid)
    if (instance === undefined) return false
    const leastAgeMs =
      instance.backend.kind === 'embedded' ? null : ageMs * (1 - CLOCKS_DRIFT) - CLOCKS_DIFFER_MS
    const [row] = await connections.query<{ ended: boolean }>(
      instance,
      TERMINATE,
      [processId, roleOid, onlyWhenIdle, leastAgeMs],
      host,
    )
    return row?.ended === true
  },
})
