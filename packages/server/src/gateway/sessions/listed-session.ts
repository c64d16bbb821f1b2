/** An open session in the list of its process: what was known at its login, and its activity since then. */
import type { OpenSession } from '../../domain/open-session.ts'
import type { Admission } from '../../operations/login/admission.ts'
import type { SessionLink } from './session-link.ts'

export interface ListedSession {
  readonly admission: Admission
  readonly request: { readonly database: string; readonly clientAddress: string }
  readonly link: SessionLink
  readonly id: string
  readonly openedAt: Date
  readonly openedAtUptime: number
  lastActiveAt: Date
  lastActiveUptime: number
  bytesSeen: number
  /** After an attempt to end it, no further attempt before this uptime. */
  notBeforeUptime: number
  /** It has been ended; only its sockets are still closing. */
  wasEnded: boolean
  /** The result of the last attempt to end it. */
  ending: Promise<boolean> | undefined
}

export const listedSession = (
  session: Pick<ListedSession, 'admission' | 'request' | 'link' | 'id'>,
  { now, uptime }: { readonly now: Date; readonly uptime: number },
): ListedSession => ({
  ...session,
  openedAt: now,
  openedAtUptime: uptime,
  lastActiveAt: now,
  lastActiveUptime: uptime,
  bytesSeen: 0,
  notBeforeUptime: 0,
  wasEnded: false,
  ending: undefined,
})

/** Records whether bytes have passed since the last call; the session's sockets count them. */
export function noteActivity(
  session: ListedSession,
  { now, uptime }: { readonly now: Date; readonly uptime: number },
): void {
  const bytes = session.link.bytesFromClient() + session.link.bytesToClient()
  if (bytes === session.bytesSeen) return
  session.bytesSeen = bytes
  session.lastActiveUptime = uptime
  session.lastActiveAt = now
}

export function describeSession({
  admission,
  request,
  link,
  id,
  openedAt,
  lastActiveAt,
}: ListedSession): OpenSession {
  const { instance, behind, token } = admission
  return {
    id,
    workspaceId: instance.workspaceId,
    instanceUid: instance.uid,
    instanceName: instance.name,
    identity: behind === undefined ? undefined : { id: behind.id, type: behind.type, name: behind.name },
    groupPath: behind?.path ?? [],
    role: admission.roleName,
    ...request,
    tokenId: token?.tokenId,
    tokenExpiresAt: token?.expiresAt,
    backendProcessId: link.backendProcessId(),
    openedAt,
    lastActiveAt,
    bytesFromClient: link.bytesFromClient(),
    bytesToClient: link.bytesToClient(),
  }
}
