/** Tokens, trust in other identity providers, and OAuth applications (wire-contract §4.5). */

/** A personal access token, without its value. */
export interface TokenInfo {
  token_id: string
  comment: string
  /** Milliseconds since 1970. */
  creation_time: number
  /** Milliseconds since 1970; -1 for a token that does not expire. */
  expiry_time: number
  scopes: string[]
  owner_id: number
  created_by_id: number
  /** Absent when the creator was deleted. */
  created_by_username?: string
  workspace_id: number
}

/** What a caller sends to create a personal access token. */
export interface CreateTokenRequest {
  comment?: string
  /** Left out, 0 and -1: it does not expire. */
  lifetime_seconds?: number
  /** `all-apis` or `postgres`; all that the caller's own token has when left out. */
  scopes?: string[]
  /** Is not supported. */
  autoscope_enabled?: false
}

/** What a caller sends to create a personal access token for a service principal. */
export interface CreateOnBehalfTokenRequest extends CreateTokenRequest {
  /** Application id of the service principal. */
  application_id: string
}

/** A new personal access token; only here is its value shown. */
export interface CreateTokenAnswer {
  /** Secret. */
  token_value: string
  token_info: TokenInfo
}

/** Personal access tokens, without their values. */
export interface ListTokensAnswer {
  token_infos: TokenInfo[]
}

/** One personal access token, without its value. */
export interface TokenInfoAnswer {
  token_info: TokenInfo
}

/** What a caller sends to revoke one of its own personal access tokens. */
export interface RevokeTokenRequest {
  token_id: string
}

/** What a caller sends to create a secret of a service principal. */
export interface CreateServicePrincipalSecretRequest {
  /** Seconds with an `s`, such as `3600s`. */
  lifetime?: string
}

/** Whose tokens of another identity provider are accepted. */
export interface FederationPolicyAnswer {
  name: string
  policy_id: string
  uid: string
  description: string
  service_principal_id?: number
  create_time: string
  update_time: string
  oidc_policy: {
    issuer: string
    audiences: string[]
    subject?: string
    subject_claim: string
    jwks_uri?: string
    jwks_json?: string
  }
}

/** To which account and workspace a token belongs. */
export interface TokenIntrospection {
  principal_context: { authentication_scope: { account_id: string; workspace_id: number } }
}

/** An OAuth application with which people sign in. */
export interface CustomAppIntegration {
  integration_id: string
  client_id: string
  name: string
  confidential: boolean
  redirect_urls: string[]
  scopes: string[]
  token_access_policy: {
    access_token_ttl_in_minutes: number
    refresh_token_ttl_in_minutes: number
    enable_single_use_refresh_tokens: boolean
    absolute_session_lifetime_in_minutes?: number
  }
  created_by: number
  create_time: string
}

/** Which tokens of another identity provider are accepted. */
export interface OidcPolicyRequest {
  /** `iss` of the tokens. */
  issuer?: string
  /** One of them must be among `aud` of a token; the id of the account when left out. */
  audiences?: string[]
  /** What the token must contain as `subject_claim`; needed in a policy of a service principal, not possible in one of the account, where it is the user name. */
  subject?: string
  /** `sub` when left out. */
  subject_claim?: string
  /** Where the keys of the issuer are; found by discovery when left out. */
  jwks_uri?: string
  /** The keys of the issuer themselves, as a JSON Web Key Set. */
  jwks_json?: string
}

/** What a caller sends to create a federation policy. */
export interface CreateFederationPolicyRequest {
  description?: string
  oidc_policy: OidcPolicyRequest & {
    /** `iss` of the tokens. */
    issuer: string
  }
}

/** What a caller sends to change a federation policy. */
export interface FederationPolicyRequest {
  description?: string
  oidc_policy?: OidcPolicyRequest
}

/** The federation policies of the account, or of one service principal. */
export interface ListFederationPoliciesAnswer {
  policies: FederationPolicyAnswer[]
}

/** How long the tokens of an OAuth application live. */
export interface TokenAccessPolicyRequest {
  access_token_ttl_in_minutes?: number
  refresh_token_ttl_in_minutes?: number
  /** Every refresh token can be used once. */
  enable_single_use_refresh_tokens?: boolean
  /** After this time a person must sign in again. */
  absolute_session_lifetime_in_minutes?: number
}

/** What a caller sends to change an OAuth application. */
export interface UpdateCustomAppIntegrationRequest {
  /** Where a person may be sent with the answer. */
  redirect_urls?: string[]
  scopes?: string[]
  token_access_policy?: TokenAccessPolicyRequest
  /** Has no meaning here. */
  user_authorized_scopes?: string[]
}

/** What a caller sends to create an OAuth application. */
export interface CreateCustomAppIntegrationRequest extends UpdateCustomAppIntegrationRequest {
  name: string
  /** Where a person may be sent with the answer: https, or http on localhost. */
  redirect_urls: string[]
  /** Whether it has a secret. */
  confidential?: boolean
}

/** A new OAuth application; only here is its secret shown. */
export interface CreateCustomAppIntegrationAnswer {
  integration_id: string
  client_id: string
  /** Secret; absent when the application is not confidential. */
  client_secret?: string
}

/** The OAuth applications of the account. */
export interface ListCustomAppIntegrationsAnswer {
  apps: CustomAppIntegration[]
}
