/** Opens a backend for a pool and checks that it has the role that was admitted and the database that was asked for. */
import type { Admission, PooledAdmission } from '../../operations/login/admission.ts'
import { refused, RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { FieldCursor, type Frame } from '../../protocol/frame.ts'
import { encodeQuery } from '../../protocol/frontend-statements.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import type { ProtocolVersion, StartupMessage } from '../../protocol/startup.ts'
import { settingsFingerprint } from '../../protocol/settings-fingerprint.ts'
import type { AttachedClusters } from '../backend/attached-clusters.ts'
import { openBackend } from '../backend/open-backend.ts'
import { BackendGone, BackendRefused } from './backend-ends.ts'
import { PooledBackend } from './backend.ts'
import { readWhoActs, WHO_ACTS } from './inventory.ts'

/** Operators are written with their schema, because the client sets search_path. */
const WHO_AM_I = encodeQuery(
  `SELECT role.oid, database.oid, coalesce(${settingsFingerprint({ role: 'role.oid', database: 'database.oid' })}, '')
     FROM pg_catalog.pg_roles AS role, pg_catalog.pg_database AS database
    WHERE role.rolname OPERATOR(pg_catalog.=) session_user
      AND database.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
   ${WHO_ACTS}`,
)

/**
 * @throws BackendRefused; RefusedError role_not_the_same, database_not_the_same, facts_unavailable
 */
export async function openPooledBackend(
  admission: Admission & { readonly pooled: PooledAdmission },
  startup: {
    readonly message: StartupMessage
    readonly version: ProtocolVersion
    readonly databaseName: string
  },
  signal: AbortSignal,
  clusters: AttachedClusters,
): Promise<PooledBackend> {
  const opened = await openBackend(admission, startup, signal, clusters)
  if (opened.kind === 'refused') throw new BackendRefused(opened.message.subarray(5))
  const backend = new PooledBackend(opened.session.socket, opened.session.greeting)
  try {
    await backend.begin()
    // Since the login, the role or the database may have been dropped and its name reused.
    const frames = await backend.converse(WHO_AM_I, 1)
    const [roleOid, databaseOid, fingerprint] = columnsOf(frames)
    if (roleOid !== admission.roleOid) {
      throw refused('role_not_the_same', { role: admission.roleName })
    }
    if (databaseOid !== admission.pooled.database.oid) {
      throw refused('database_not_the_same', { database: startup.databaseName })
    }
    backend.openedAs = readWhoActs(frames)
    backend.openedWith = fingerprint
    return backend
  } catch (error) {
    backend.socket.destroy()
    if (!(error instanceof BackendGone)) throw error
    const failure = error.frames.find(({ type }) => type === BACKEND.errorResponse)
    if (failure !== undefined) throw new BackendRefused(failure.body)
    throw new RefusedError(
      refuse('facts_unavailable', { reason: 'The backend ended the connection out of turn.' }),
      { cause: error },
    )
  }
}

function columnsOf(frames: readonly Frame[]): readonly (string | undefined)[] {
  const row = frames.find(({ type }) => type === BACKEND.dataRow)
  if (row === undefined) return []
  const cursor = new FieldCursor(row.body)
  return Array.from({ length: cursor.int16() ?? 0 }, () =>
    cursor.bytes(cursor.int32() ?? -1)?.toString('latin1'),
  )
}
