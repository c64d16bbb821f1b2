/** What listing and ending open sessions needs: asking every gateway, and being a gateway that is asked. */
import type { DatabaseInstance } from '../domain/database-instance.ts'
import type { OpenSession, SessionSelection } from '../domain/open-session.ts'

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

/** Ends a backend from outside, so that PostgreSQL itself says the last word to its client (57P01). */
export interface BackendTermination {
  /**
   * @param backend the role guards against a process id that was used again
   * @returns false when there is no such backend, or `onlyWhenIdle` and it works
   */
  terminateBackend(
    instance: DatabaseInstance,
    backend: { readonly processId: number; readonly role: string; readonly onlyWhenIdle: boolean },
  ): Promise<boolean>
}

/** Told of changed instances, of changes by which somebody may have lost a right, and of questions. */
export interface SessionNotices {
  /** @returns the way to stop being told */
  on(channel: 'database_instance' | 'directory' | 'session_question', callback: () => void): () => void
}
