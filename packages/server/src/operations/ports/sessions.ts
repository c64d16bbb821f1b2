/** Listing and ending open sessions: how every gateway is asked, and how this process answers as one of them. */
import type { ClusterHost } from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { RoleOid } from '../../domain/ids.ts'
import type { OpenSession, SessionSelection } from '../../domain/open-session.ts'

export interface SessionQuestion {
  readonly kind: 'list' | 'end'
  readonly selection: SessionSelection
}

/** Asks the gateways of all processes and nodes. */
export interface SessionAsker {
  ask(question: SessionQuestion): Promise<{
    /** The sessions that are open, or that were ended. */
    readonly sessions: readonly OpenSession[]
    /** Gateways that are recorded as alive and did not answer in time. */
    readonly silentGateways: number
  }>
}

/** Makes this process one of those that answer. */
export interface SessionAnswerer {
  start(answer: (question: SessionQuestion) => Promise<readonly OpenSession[]>): Promise<void>
  stop(): Promise<void>
}

/** The backend of one session, with what distinguishes it from another one with the same process id. */
export interface BackendToEnd {
  readonly processId: number
  /** The object id, because the name may belong to another role by now. */
  readonly roleOid: RoleOid
  /** For an attached cluster: the host of the session. Other hosts use the same process ids for other processes. */
  readonly host: ClusterHost | undefined
  /** How long the session has been open; a younger backend has reused the process id of an older one. */
  readonly ageMs: number
  readonly onlyWhenIdle: boolean
}

/** Ends a backend from outside, so that PostgreSQL itself sends the last message to its client (57P01). */
export interface BackendTermination {
  /** @returns false when there is no such backend, or that is uncertain, or it is working and `onlyWhenIdle` is set */
  terminateBackend(instance: DatabaseInstance, backend: BackendToEnd): Promise<boolean>
}

/** Notices about changed instances, changes in the directory that may take rights away, questions, and watchers. */
export interface SessionNotices {
  /** @returns a function that stops the notices */
  on(
    channel: 'database_instance' | 'directory' | 'session_question' | 'live_watch',
    callback: () => void,
  ): () => void
}
