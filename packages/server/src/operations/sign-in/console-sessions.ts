/**
 * The session of a browser at the web console: opened by a sign-in, found by its cookie, renewed before its access
 * token expires. The tokens stay on the server; the cookie gives exactly the access that the user's token gives,
 * checked like every bearer token.
 */
import { createHmac } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import { Redacted } from '../../domain/redacted.ts'
import type { Workspace } from '../../domain/workspace.ts'
import { endOfConsoleSession, oldestConsoleSessions } from '../../policy/console-session.ts'
import type { Caller } from '../../policy/permissions.ts'
import { hashSecret, type GeneratedSecret } from '../../tokens/secret.ts'
import type { AuthenticateBearer } from '../credentials/authenticate-bearer.ts'
import type { Clock } from '../ports/clock.ts'
import type {
  ConsoleSessionStore,
  ConsoleSignIn,
  ConsoleTokens,
  FoundConsoleSession,
} from '../ports/console-sessions.ts'
import type { KeyEncryption } from '../ports/keys.ts'
import { refused, RefusedError } from '../refused-error.ts'

export interface ConsoleSessionPorts {
  readonly consoleSessions: ConsoleSessionStore
  readonly authenticate: AuthenticateBearer
  readonly encryption: KeyEncryption
  /** @returns undefined when the OAuth server refuses: the session is over. @throws Fault when it does not answer */
  readonly renew: (workspace: Workspace, refreshToken: Redacted<string>) => Promise<ConsoleTokens | undefined>
  readonly generateCookie: () => GeneratedSecret
  readonly clock: Clock
}

export interface OpenedConsoleSession {
  readonly id: string
  readonly caller: Caller
  readonly csrf: string
  readonly endsAt: Date
  readonly idleEndsAt: Date
  readonly signedInOutside: boolean
  readonly browserSessionUid: string
  accessToken(): Promise<Redacted<string>>
}

/** A cookie of ours has 43 characters. */
const LONGEST_COOKIE = 64
/** Limit per user; one more sign-in ends the oldest session. */
const MOST_SESSIONS = 50
/** A token that is handed out is valid for at least this long, unless the OAuth server cannot renew it now. */
const RENEW_BEFORE_MS = 5 * 60 * 1000
/** The last use is stored at most this often, so that not every request writes. */
const TOUCH_AFTER_MS = 60 * 1000

export const createConsoleSessions = (ports: ConsoleSessionPorts): ConsoleSessions =>
  new ConsoleSessions(ports)

export class ConsoleSessions {
  readonly #ports: ConsoleSessionPorts
  readonly #csrfKey: Redacted<Uint8Array>
  /** Renewals under way, because many requests of one page may need one at the same time. */
  readonly #renewals = new Map<string, Promise<Redacted<string>>>()

  constructor(ports: ConsoleSessionPorts) {
    this.#ports = ports
    this.#csrfKey = this.#ports.encryption.deriveSecret('CSRF values of the console')
  }

  /** @returns the cookie value for the browser; it is stored nowhere else */
  async open(workspace: Workspace, signIn: ConsoleSignIn): Promise<Redacted<string>> {
    const { secret, hash } = this.#ports.generateCookie()
    const now = this.#ports.clock()
    await this.#ports.consoleSessions.insertConsoleSession(
      {
        cookieHash: hash,
        workspaceId: workspace.id,
        identityId: signIn.identityId,
        browserSessionUid: signIn.browserSessionUid,
        signedInOutside: signIn.signedInOutside,
        sealedAccessToken: this.#seal(hash, signIn.accessToken),
        accessTokenExpiresAt: signIn.accessTokenExpiresAt,
        sealedRefreshToken: this.#seal(hash, signIn.refreshToken),
        createdAt: now,
        usedAt: now,
      },
      MOST_SESSIONS,
    )
    return secret
  }

  /** @throws RefusedError console_session_over, permission_denied */
  async find(
    cookie: string | undefined,
    workspace: Workspace,
    { isUse }: { readonly isUse: boolean },
  ): Promise<OpenedConsoleSession> {
    if (cookie === undefined || cookie.length > LONGEST_COOKIE) throw isOver()
    const found = await this.#ports.consoleSessions.findConsoleSession(hashSecret(cookie))
    const now = this.#ports.clock()
    if (found?.workspaceId !== workspace.id || endOfConsoleSession(found, now).isOver) throw isOver()
    const caller = await authenticate(this.#ports, await this.#accessTokenOf(found, workspace), workspace)
    // The token names its identity; the row must agree with it.
    if (caller.identity.id !== found.identityId) throw isOver()
    const isTouched = isUse && now.getTime() - found.usedAt.getTime() > TOUCH_AFTER_MS
    if (isTouched) await this.#ports.consoleSessions.touchConsoleSession(found.cookieHash, now)
    const { endsAt, idleEndsAt } = endOfConsoleSession(
      { ...found, ...(isTouched ? { usedAt: now } : {}) },
      now,
    )
    return {
      id: this.#idOf(found.cookieHash),
      caller,
      csrf: createHmac('sha256', this.#csrfKey.reveal()).update(found.cookieHash).digest('base64url'),
      endsAt,
      idleEndsAt,
      signedInOutside: found.signedInOutside,
      browserSessionUid: found.browserSessionUid,
      accessToken: async () => {
        // Looked up again, because a long-lived stream calls this long after it began.
        const current = await this.#ports.consoleSessions.findConsoleSession(found.cookieHash)
        if (current === undefined || endOfConsoleSession(current, this.#ports.clock()).isOver) throw isOver()
        return this.#accessTokenOf(current, workspace)
      },
    }
  }

  /** Checks many sessions with one query. @returns the ids of those that are over */
  async listOver(ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return []
    const rows = await this.#ports.consoleSessions.listLive(ids.map((id) => Buffer.from(id, 'hex')))
    const live = new Set(
      rows
        .filter((row) => !endOfConsoleSession(row, this.#ports.clock()).isOver)
        .map((row) => this.#idOf(row.cookieHash)),
    )
    return ids.filter((id) => !live.has(id))
  }

  /**
   * Signs the browser out. The session of the sign-in pages ends too, otherwise the next visit would open a new session
   * without asking.
   */
  async end(id: string): Promise<void> {
    const found = await this.#ports.consoleSessions.findConsoleSession(Buffer.from(id, 'hex'))
    if (found === undefined) return
    await this.#ports.consoleSessions.endBrowserSession(found)
  }

  /** Invalidates a cookie that is about to be replaced by that of a new sign-in. */
  async forget(cookie: string | undefined): Promise<void> {
    if (cookie === undefined || cookie.length > LONGEST_COOKIE) return
    await this.#ports.consoleSessions.removeConsoleSession(hashSecret(cookie))
  }

  #idOf(cookieHash: Uint8Array): string {
    return Buffer.from(cookieHash).toString('hex')
  }

  // Sealed together with its session's id: otherwise anyone who can write to the table could move a user's token to
  // another cookie.
  #seal(cookieHash: Uint8Array, token: Redacted<string>): Uint8Array {
    return this.#ports.encryption.encrypt(Buffer.from(`${this.#idOf(cookieHash)} ${token.reveal()}`))
  }

  #unseal(cookieHash: Uint8Array, sealed: Uint8Array): Redacted<string> {
    const [owner, token = ''] = Buffer.from(this.#ports.encryption.decrypt(sealed))
      .toString('utf8')
      .split(' ')
    if (owner !== this.#idOf(cookieHash)) throw isOver()
    return new Redacted(token)
  }

  async #accessTokenOf(session: FoundConsoleSession, workspace: Workspace): Promise<Redacted<string>> {
    const left = session.accessTokenExpiresAt.getTime() - this.#ports.clock().getTime()
    if (left > RENEW_BEFORE_MS) return this.#unseal(session.cookieHash, session.sealedAccessToken)
    const id = this.#idOf(session.cookieHash)
    const underWay =
      this.#renewals.get(id) ??
      this.#renew(session, workspace).finally(() => {
        this.#renewals.delete(id)
      })
    this.#renewals.set(id, underWay)
    try {
      return await underWay
    } catch (error) {
      // The present token is still valid: a server that does not answer now may answer in a minute.
      if (error instanceof Fault && left > 0)
        return this.#unseal(session.cookieHash, session.sealedAccessToken)
      throw error
    }
  }

  async #renew(session: FoundConsoleSession, workspace: Workspace): Promise<Redacted<string>> {
    const { cookieHash } = session
    const tokens = await this.#ports.renew(workspace, this.#unseal(cookieHash, session.sealedRefreshToken))
    if (tokens === undefined) {
      await this.#ports.consoleSessions.removeConsoleSession(cookieHash)
      throw isOver()
    }
    await this.#ports.consoleSessions.replaceAccessToken(
      cookieHash,
      this.#seal(cookieHash, tokens.accessToken),
      tokens.accessTokenExpiresAt,
    )
    return tokens.accessToken
  }
}

export type ConsoleSessionOperations = ReturnType<typeof createConsoleSessions>

/** @returns how many sessions were removed */
export const removeConsoleSessionsThatAreOver = (
  consoleSessions: Pick<ConsoleSessionStore, 'removeConsoleSessionsThatAreOver'>,
  now: Date,
  atMost: number,
): Promise<number> =>
  consoleSessions.removeConsoleSessionsThatAreOver({ ...oldestConsoleSessions(now), now }, atMost)

/** A deactivated or deleted user has no session; one who is not in the workspace gets that refusal. */
async function authenticate(
  { authenticate: prove }: ConsoleSessionPorts,
  token: Redacted<string>,
  workspace: Workspace,
): Promise<Caller> {
  try {
    return await prove(token.reveal(), workspace.id)
  } catch (error) {
    const isGone =
      error instanceof RefusedError && ['unauthenticated', 'token_expired'].includes(error.refusal.name)
    if (isGone) throw isOver()
    throw error
  }
}

const isOver = (): RefusedError => refused('console_session_over')
