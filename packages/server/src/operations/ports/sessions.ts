/** What listing and ending open sessions needs: asking every gateway, and being a gateway that is asked. */
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
    /** That are open, or that were ended. */
    readonly sessions: readonly OpenSession[]
    /** Gateways that are said to live and did not answer in time. */
    readonly silentGateways: number
  }>
}

/** Makes this process one of those that are asked. */
export interface SessionAnswerer {
  start(answer: (question: SessionQuestion) => Promise<readonly OpenSession[]>): Promise<void>
  stop(): Promise<void>
}

/** The backend of one session: what tells it from another with the same process id. */
export interface BackendToEnd {
  readonly processId: number
  /** Not its name, which another role may have by now. */
  readonly roleOid: RoleOid
  /** Of an attached cluster: where the session was opened. Another host has other processes under the same numbers. */
  readonly host: ClusterHost | undefined
  /** For how long the session has been open; a backend that is younger got the process id of one that is gone. */
  readonly ageMs: number
  readonly onlyWhenIdle: boolean
}

/** Ends a backend from outside, so that PostgreSQL itself says the last word to its client (57P01). */
export interface BackendTermination {
  /** @returns false when there is no such backend, or it cannot be told for sure, or `onlyWhenIdle` and it works */
  terminateBackend(instance: DatabaseInstance, backend: BackendToEnd): Promise<boolean>
}

/** Told of changed instances, of changes by which somebody may have lost a right, of questions, and that somebody watches. */
export interface SessionNotices {
  /** @returns the way to stop being told */
  on(
    channel: 'database_instance' | 'directory' | 'session_question' | 'live_watch',
    callback: () => void,
  ): () => void
}
