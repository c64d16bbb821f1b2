/**
 * The session of a browser, as the routes and streams of the console see it. Who is asked for one has the cookie, and
 * nothing else: whoever changes something must hold the CSRF value against what was sent besides (csrf.ts).
 */
import type { Redacted } from '../../domain/redacted.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { Caller } from '../../policy/permissions.ts'

export interface ConsoleSession {
  /** Names the session inside the server; a hash, opens nothing, is the same for all requests of one session. */
  readonly id: string
  /** The person with the rights of this moment, as the same token would have them at `/api`. */
  readonly caller: Caller
  readonly workspace: Workspace
  /** Names the session of the sign-in pages in the same browser, among those of the person. */
  readonly browserSessionUid: string
  /** What `X-Lakegate-Csrf`, or the first frame of a WebSocket, must hold. */
  readonly csrf: string
  /** When it ends however it is used: no stream may outlive it. */
  readonly endsAt: Date
  /** When it ends if nothing more is asked. */
  readonly idleEndsAt: Date
  /** Through which outside provider the person signed in. */
  readonly signInProvider: string | undefined
  /** A workspace token of the person that is good for a few minutes at least. @throws RefusedError console_session_over */
  accessToken(): Promise<Redacted<string>>
}

export interface ConsoleSessions {
  /**
   * Looked up anew, with every rule of a bearer: deactivated, deleted, not in the workspace any more.
   * @param cookieHeader the whole `Cookie` header of the request
   * @param options.isUse false for what a page does on its own, such as a stream that stays open: it does not keep an idle
   *   session alive
   * @throws RefusedError console_session_over (401), permission_denied (403, not assigned to the workspace)
   */
  findConsoleSession(
    cookieHeader: string | undefined,
    workspace: Workspace,
    options?: { readonly isUse?: boolean },
  ): Promise<ConsoleSession>
  /**
   * Tells once when the session is over: at once if it ends by this process, within 20 seconds if it ends by another one, by
   * signing out at `/oidc/account`, by a deactivated person, or by time.
   * @returns stops asking; to be called when the stream is closed
   */
  whenOver(session: ConsoleSession, tell: () => void): () => void
  /** Ends it, at the provider too: this browser is signed out. */
  endConsoleSession(session: ConsoleSession): Promise<void>
}
