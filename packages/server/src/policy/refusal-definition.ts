/**
 * What a refusal says to whom: SQLSTATE, message, DETAIL and HINT to PostgreSQL clients; status, `error_code` and
 * message to HTTP clients. `{name}` marks a parameter that `refuse` requires.
 *
 * `disclosure` says what the caller must have proved before it may read the refusal (DESIGN §6.5): nothing, a verified
 * token (or the role's own password), or (HTTP) an authenticated request.
 */
export interface PostgresRefusal {
  readonly sqlstate: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

export interface HttpRefusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 412 | 429 | 503
  readonly errorCode: string
  readonly message: string
}

/** For the help pages of the console; only for refusals that a login can get. */
export interface RefusalExplained {
  /** What it means, in addition to what the client was sent. */
  readonly meaning: string
  readonly whoCanChange: string
  /** What to do, in order. */
  readonly steps: readonly [string, ...string[]]
}

export interface RefusalDefinition {
  readonly disclosure: 'anyone' | 'token_holder' | 'authenticated'
  readonly postgres?: PostgresRefusal
  readonly http?: HttpRefusal
  readonly explained?: RefusalExplained
}
