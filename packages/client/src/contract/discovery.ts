/** What anybody may ask a host, without a token. */

/** `GET /.well-known/databricks-config`; `workspace_id` must be a string (wire-contract §0.7, §3.1). */
export interface HostMetadata {
  oidc_endpoint: string
  account_id: string
  workspace_id: string
  cloud: 'AWS'
  host_type: 'WORKSPACE_HOST'
  token_federation_default_oidc_audiences: string[]
}

/** Success body of `POST /oidc/v1/token` (RFC 6749 §5.1). */
export interface TokenResponse {
  access_token: string
  token_type: 'Bearer'
  /** Seconds. */
  expires_in: number
  scope?: string
}

/** Whether the server is alive, or can do its work. */
export interface HealthAnswer {
  status: 'alive' | 'not_alive' | 'ready' | 'not_ready'
  /** Names of the checks that failed. */
  failed?: string[]
}
