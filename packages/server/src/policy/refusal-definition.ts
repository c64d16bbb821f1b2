/**
 * What a refusal says and to whom: to PostgreSQL clients SQLSTATE, message, DETAIL and HINT, to HTTP clients status,
 * `error_code` and message. `{name}` marks a parameter that `refuse` demands.
 *
 * `disclosure` says what the caller must have proved before it may read the refusal (DESIGN §6.5):
 * nothing, a verified token (or the role's own password), or (HTTP) an authenticated request.
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

/** For the person who reads it, on the help pages of the console; of refusals that a login can meet. */
export interface RefusalExplained {
  /** What it means, beyond what the client read. */
  readonly meaning: string
  readonly whoCanChange: string
  /** What to do, in this order. */
  readonly steps: readonly [string, ...string[]]
}

export interface RefusalDefinition {
  readonly disclosure: 'anyone' | 'token_holder' | 'authenticated'
  readonly postgres?: PostgresRefusal
  readonly http?: HttpRefusal
  readonly explained?: RefusalExplained
}
