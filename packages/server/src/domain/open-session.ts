/** A session that is open at a gateway, as it is shown to people. */
import type { Identity } from './identity.ts'
import type { IdentityId, InstanceUid, WorkspaceId } from './ids.ts'

export interface OpenSession {
  readonly id: string
  readonly workspaceId: WorkspaceId
  readonly instanceUid: InstanceUid
  readonly instanceName: string
  /** The identity that uses the role; undefined for a role that logged in with its own password. */
  readonly identity:
    { readonly id: IdentityId; readonly type: Identity['type']; readonly name: string } | undefined
  /** Ids from the group of the role down to the identity; empty for a role of the identity itself. */
  readonly groupPath: readonly string[]
  readonly role: string
  readonly database: string
  readonly clientAddress: string
  readonly tokenId: string | undefined
  readonly tokenExpiresAt: Date | undefined
  /** PostgreSQL's process id, as `pg_stat_activity.pid`; undefined until the backend has sent it. */
  readonly backendProcessId: number | undefined
  readonly openedAt: Date
  /** Accurate to the second. */
  readonly lastActiveAt: Date
  readonly bytesFromClient: number
  readonly bytesToClient: number
}

/** Which sessions are selected; an undefined field does not narrow the selection. */
export interface SessionSelection {
  readonly workspaceId: WorkspaceId
  readonly instanceUid: InstanceUid | undefined
  readonly identityId: IdentityId | undefined
  readonly sessionId: string | undefined
}

export const isSelected = (session: OpenSession, selection: SessionSelection): boolean =>
  session.workspaceId === selection.workspaceId &&
  (selection.instanceUid === undefined || session.instanceUid === selection.instanceUid) &&
  (selection.identityId === undefined || session.identity?.id === selection.identityId) &&
  (selection.sessionId === undefined || session.id === selection.sessionId)
