/**
 * Ends an open session: through PostgreSQL where it has a backend of its own, so that its client reads 57P01; otherwise
 * the gateway ends it.
 */
import type { AuditLog } from '../../operations/ports/audit.ts'
import type { BackendTermination } from '../../operations/ports/sessions.ts'
import type { ListedSession } from './listed-session.ts'
import type { SessionEnd } from './session-link.ts'

export interface SessionEndPorts {
  /** Monotonic, unlike the clock: idleness and age are measured by it (attack 40). */
  readonly uptimeMs: () => number
  readonly termination: BackendTermination
  readonly audit: AuditLog
  readonly log: { warn(fields: object, message: string): void }
  /** Called for every session that ended before its client ended it, for the metrics. */
  readonly onEnded: (reason: string) => void
}

/** How long PostgreSQL may take to end a backend before the connections are cut. */
const STUCK_MS = 5_000
const RETRY_MS = 60_000

export class SessionEnding {
  readonly #ports: SessionEndPorts
  readonly #isOpen: (session: ListedSession) => boolean

  constructor(ports: SessionEndPorts, isOpen: (session: ListedSession) => boolean) {
    this.#ports = ports
    this.#isOpen = isOpen
  }

  /** @returns false when nothing was ended: with `onlyWhenIdle`, because it is working or its backend is gone */
  end(session: ListedSession, onlyWhenIdle = false): Promise<boolean> {
    session.ending = this.#tryToEnd(session, onlyWhenIdle)
    return session.ending
  }

  /** Ends a session for a reason of the gateway itself, which is recorded. */
  async endFor(session: ListedSession, reason: string): Promise<void> {
    session.notBeforeUptime = this.#ports.uptimeMs() + RETRY_MS
    // A session with a long statement passes no bytes, but is not idle.
    if (!(await this.end(session, reason === 'session_idle'))) return
    session.wasEnded = true
    this.record(session, { reason, sqlstate: undefined })
  }

  record({ admission, request, id }: ListedSession, { reason, sqlstate }: SessionEnd): void {
    const { instance, behind, token } = admission
    this.#ports.onEnded(reason)
    this.#ports.audit.record({
      event: 'end_session',
      outcome: 'admitted',
      reason,
      ...(sqlstate === undefined ? {} : { sqlstate }),
      detail: `session ${id}`,
      ...(behind === undefined ? {} : { identityId: behind.id, identityName: behind.name }),
      role: admission.roleName,
      database: request.database,
      clientAddress: request.clientAddress,
      instanceUid: instance.uid,
      instanceName: instance.name,
      workspaceId: instance.workspaceId,
      ...(token === undefined ? {} : { tokenId: token.tokenId }),
    })
  }

  async #tryToEnd(session: ListedSession, onlyWhenIdle: boolean): Promise<boolean> {
    const { admission, link } = session
    const { uptimeMs, termination, log } = this.#ports
    const processId = link.backendProcessId()
    if (processId === undefined) {
      if (onlyWhenIdle && link.isWorking() === true) return false
      link.cut()
      return true
    }
    const backend = {
      ...{ processId, roleOid: admission.roleOid, host: link.host, onlyWhenIdle },
      ageMs: uptimeMs() - session.openedAtUptime,
    }
    try {
      if (!(await termination.terminateBackend(admission.instance, backend))) {
        if (onlyWhenIdle) return false
        link.cut()
        return true
      }
    } catch (error) {
      // The session must end even when the instance cannot be asked to end it.
      log.warn({ err: error, session: session.id }, 'a backend could not be ended; its client was cut off')
      link.cut()
      return true
    }
    setTimeout(() => {
      if (this.#isOpen(session)) link.cut()
    }, STUCK_MS).unref()
    return true
  }
}
