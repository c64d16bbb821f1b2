/** What everything that signs in takes its tokens from: a database driver its password, REST its bearer token. */

/** A token and when it expires. */
export interface Token {
  /** Secret: never log it. */
  readonly value: string
  /** Undefined for a token that does not expire. */
  readonly expiresAt: Date | undefined
}

/** What a caller needs of a token. */
export interface TokenOptions {
  /** What it must still live; a source asks for a new one where the one at hand lives for less, and keeps that for others. */
  readonly minSeconds?: number
  /** Ends the waiting of this caller; others go on. */
  readonly signal?: AbortSignal
}

/** Where whoever signs in takes its tokens from. */
export interface TokenSource {
  /**
   * A token that is valid now and for some time after: the one at hand, or a new one. Concurrent callers share one request.
   * @throws what the request for a new token threw, when no valid token is at hand
   */
  token(options?: TokenOptions): Promise<Token>
  /** Forgets a token that a server refused although it had not expired; the next `token()` asks for a new one. */
  refuse(value: string): void
  /** Stops refreshing in the background, also a request that is on its way and that nobody waits for; `token()` goes on working. */
  close(): void
}
