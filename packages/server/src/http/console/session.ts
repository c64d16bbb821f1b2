/**
 * The session of a browser, as the routes and streams of the console see it. Whoever has the cookie has the session, so
 * every route that changes something must also compare the CSRF value (csrf.ts).
 */
import type { Redacted } from '../../domain/redacted.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { Caller } from '../../policy/permissions.ts'

export interface ConsoleSession {
  /**
   * Identifies the session inside the server. A hash that grants no access; the same for all requests of one session.
   */
  readonly id: string
  /** The person with current rights, the same that the token would have at `/api`. */
  readonly caller: Caller
  readonly workspace: Workspace
  /** Identifies the session of the sign-in pages in the same browser, among the sessions of the person. */
  readonly browserSessionUid: string
  /** The value that `X-Lakegate-Csrf`, or the first frame of a WebSocket, must contain. */
  readonly csrf: string
  /** When it ends at the latest; no stream may outlive it. */
  readonly endsAt: Date
  /** When it ends if it is not used any more. */
  readonly idleEndsAt: Date
  /** Name of the outside provider through which the person signed in. */
  readonly signInProvider: string | undefined
  /**
   * A workspace token of the person that is valid for at least a few minutes. @throws RefusedError console_session_over
   */
  accessToken(): Promise<Redacted<string>>
}

export interface ConsoleSessions {
  /**
   * Looks the session up, with every rule that applies to a bearer: deactivated, deleted, no longer in the workspace.
   * @param cookieHeader the whole `Cookie` header of the request
   * @param options.isUse false for requests that a page makes on its own, such as an open stream: they do not keep an
   * idle session alive
   * @throws RefusedError console_session_over (401), permission_denied (403, not assigned to the workspace)
   */
  findConsoleSession(
    cookieHeader: string | undefined,
    workspace: Workspace,
    options?: { readonly isUse?: boolean },
  ): Promise<ConsoleSession>
  /**
   * Calls `tell` once when the session is over: at once if this process ends it, and within 20 seconds if another
   * process ends it, or if the person signs out at `/oidc/account`, is deactivated, or the time is over.
   * @returns a function that stops watching; call it when the stream is closed
   */
  whenOver(session: ConsoleSession, tell: () => void): () => void
  /** Ends it, at the OAuth server too: this browser is signed out. */
  endConsoleSession(session: ConsoleSession): Promise<void>
}
