/** REST types of the SCIM and secret surfaces (wire-contract §4.4, §4.5). */

/** For a group: `direct` or `indirect`; for a member: `User`, `ServicePrincipal` or `Group`. */
export interface ScimReference {
  value: string
  display: string
  $ref: string
  type: string
}

/** One of `roles` or `entitlements`. */
export interface ScimValue {
  value: string
  display?: string
  type?: string
  primary?: boolean
}

/** `meta` of every resource; `version` is its ETag. */
export interface ScimMeta {
  resourceType: string
  created: string
  lastModified: string
  version: string
}

interface ScimIdentity {
  schemas: string[]
  id: string
  displayName: string
  externalId?: string
  groups: ScimReference[]
  /** `account_admin`, and other roles that were assigned, which grant nothing. */
  roles: ScimValue[]
  entitlements: ScimValue[]
  /** What is wrong with a name that is older than the rules for names; an addition to the real service's fields. */
  nameProblem?: string
  meta: ScimMeta
  account_id: string
}

export interface ScimUser extends ScimIdentity {
  userName: string
  active: boolean
  name: { givenName?: string; familyName?: string }
  emails: { value: string; type: string; primary: boolean }[]
}

export interface ScimServicePrincipal extends ScimIdentity {
  applicationId: string
  active: boolean
}

/** `GET /api/2.0/preview/scim/v2/Me`; `userName` is the name of the caller's PostgreSQL role. */
export type ScimMe = ScimIdentity &
  Pick<ScimUser, 'userName' | 'active'> &
  Partial<Pick<ScimUser, 'name' | 'emails'>>

export interface ScimGroup extends ScimIdentity {
  members: ScimReference[]
}

export interface ScimPatch {
  schemas: string[]
  Operations: { op: 'add' | 'remove' | 'replace'; path?: string; value?: unknown }[]
}

export interface ScimListResponse<Resource> {
  schemas: string[]
  totalResults: number
  startIndex: number
  itemsPerPage: number
  Resources: readonly Resource[]
}

/** `secret` is present only in the answer to its creation. */
export interface ServicePrincipalSecret {
  id: string
  secret?: string
  secret_hash: string
  status: 'ACTIVE' | 'EXPIRED'
  create_time: string
  update_time: string
  expire_time: string
}

export interface ListServicePrincipalSecretsResponse {
  secrets: ServicePrincipalSecret[]
  next_page_token?: string
}

export interface WorkspaceAnswer {
  workspace_id: number
  workspace_name: string
  account_id: string
  deployment_name: string
  workspace_status: 'RUNNING'
  /** The URL of the workspace; an addition to the real service's fields. */
  workspace_url: string
}

/** Exactly one of the three names is present, depending on the kind of principal. */
export interface PermissionAssignment {
  principal: {
    principal_id: number
    display_name: string
    user_name?: string
    group_name?: string
    service_principal_name?: string
  }
  permissions: ('USER' | 'ADMIN')[]
}

/** A link with which a user sets the password, once. */
export interface SignInLinkAnswer {
  user_name: string
  url: string
  expire_time: string
}

export interface SignInSessionAnswer {
  session_id: string
  kind: 'BROWSER' | 'APPLICATION'
  /** Identifies a browser: the console uses it to find the one in which it runs (`ConsoleSessionAnswer`). */
  browser_id?: string
  client_id?: string
  create_time: string
  expire_time?: string
}

/** Times in milliseconds; -1 means that it does not expire. */
export interface TokenInfo {
  token_id: string
  comment: string
  creation_time: number
  expiry_time: number
  scopes: string[]
  owner_id: number
  created_by_id: number
  /** Absent when the creator was deleted. */
  created_by_username?: string
  workspace_id: number
}

/** The permissions on a database instance (`/api/2.0/permissions/database-instances/<name>`). */
export interface InstancePermissions {
  object_id: string
  object_type: 'database-instances'
  access_control_list: {
    user_name?: string
    group_name?: string
    service_principal_name?: string
    display_name: string
    all_permissions: {
      permission_level: 'CAN_USE' | 'CAN_MANAGE'
      inherited: boolean
      inherited_from_object?: string[]
    }[]
  }[]
}

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

/** `GET /api/2.0/tokens/introspect` */
export interface TokenIntrospection {
  principal_context: { authentication_scope: { account_id: string; workspace_id: number } }
}

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
