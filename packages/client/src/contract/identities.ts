/** SCIM resources, and the secrets of service principals (wire-contract §4.4, §4.5). */

/** A group that contains the resource, or a member of the group. */
export interface ScimReference {
  /** Id of what is referred to. */
  value: string
  /** Its display name. */
  display: string
  /** Its path, below that of SCIM. */
  $ref: string
  /** For a group: `direct` or `indirect`; for a member: `User`, `ServicePrincipal` or `Group`. */
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
  /** @format date-time */
  created: string
  /** @format date-time */
  lastModified: string
  version: string
}

/** What users, service principals and groups have in common. */
export interface ScimIdentity {
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

/** A person; `userName` is the name of its PostgreSQL role. */
export interface ScimUser extends ScimIdentity {
  userName: string
  active: boolean
  name: { givenName?: string; familyName?: string }
  emails: { value: string; type: string; primary: boolean }[]
}

/** A program; `applicationId` is its OAuth client id and the name of its PostgreSQL role. */
export interface ScimServicePrincipal extends ScimIdentity {
  applicationId: string
  active: boolean
}

/** `GET /api/2.0/preview/scim/v2/Me`; `userName` is the name of the caller's PostgreSQL role. */
export type ScimMe = ScimIdentity &
  Pick<ScimUser, 'userName' | 'active'> &
  Partial<Pick<ScimUser, 'name' | 'emails'>>

/** A group; whoever is in it, directly or through groups, may log in as the role of its name. */
export interface ScimGroup extends ScimIdentity {
  members: ScimReference[]
}

/** One of `roles` or `entitlements`, as a caller writes it. */
export interface ScimValueRequest {
  /**
   * 1 to 256 ASCII characters, without blanks at its ends.
   *
   * @pattern ^[!-~]$|^[!-~][ -~]{0,254}[!-~]$
   */
  value: string
  /** @maxLength 256 */
  display?: string
  /** @maxLength 256 */
  type?: string
  primary?: boolean
}

/** What a caller may write of every kind of resource. Attributes that Lakegate does not keep are ignored, unknown ones refused. */
export interface ScimIdentityRequest {
  schemas?: string[]
  /**
   * How it is shown; its name, when left out.
   *
   * @minLength 1
   * @maxLength 256
   */
  displayName?: string
  /**
   * Its id in the identity provider.
   *
   * @minLength 1
   * @maxLength 256
   */
  externalId?: string
  /**
   * `account_admin`, and others, which grant nothing.
   *
   * @maxItems 100
   */
  roles?: ScimValueRequest[]
  /** @maxItems 100 */
  entitlements?: ScimValueRequest[]
}

/** The names of a person. */
export interface ScimNameRequest {
  /**
   * @minLength 1
   * @maxLength 256
   */
  givenName?: string
  /**
   * @minLength 1
   * @maxLength 256
   */
  familyName?: string
}

/** What a caller sends to create or replace a user. */
export interface ScimUserRequest extends ScimIdentityRequest {
  /**
   * An e-mail address.
   *
   * @minLength 1
   * @maxLength 256
   * @pattern ^[^\s@"]+@[^\s@"]+$
   */
  userName: string
  /** False: the user can no longer sign in or log in. True when left out. */
  active?: boolean
  name?: ScimNameRequest
}

/** What a caller sends to create or replace a service principal. */
export interface ScimServicePrincipalRequest extends ScimIdentityRequest {
  /**
   * Its OAuth client id; one is chosen when it is left out.
   *
   * @format uuid
   */
  applicationId?: string
  /** False: it gets no more tokens and can no longer log in. True when left out. */
  active?: boolean
}

/** A member of a group, as a caller writes it. */
export interface ScimMemberRequest {
  /**
   * Id of the member.
   *
   * @pattern ^[1-9][0-9]{0,17}$
   */
  value: string
}

/** What a caller sends to create or replace a group. */
export interface ScimGroupRequest extends ScimIdentityRequest {
  /**
   * The name of the group and of its PostgreSQL role.
   *
   * @minLength 1
   * @maxLength 256
   */
  displayName: string
  /** @maxItems 10000 */
  members?: ScimMemberRequest[]
}

/** One change of a resource (RFC 7644 §3.5.2). */
export interface ScimPatchOperation {
  op: 'add' | 'remove' | 'replace'
  /**
   * What is changed, such as `members` or `members[value eq "4711"]`; left out when `value` is an object of attributes.
   *
   * @maxLength 512
   */
  path?: string
  value?: unknown
}

/** Changes of a resource, applied in their order, all or none. */
export interface ScimPatch {
  schemas?: string[]
  /**
   * @minItems 1
   * @maxItems 1000
   */
  Operations: ScimPatchOperation[]
}

/** A page of a SCIM list (RFC 7644 §3.4.2). */
export interface ScimListResponse<Resource> {
  schemas: string[]
  /** How many resources there are on all pages. */
  totalResults: number
  /** Number of the first resource of this page, counted from 1. */
  startIndex: number
  itemsPerPage: number
  Resources: readonly Resource[]
}

/** An OAuth secret of a service principal; `secret` is present only in the answer to its creation. */
export interface ServicePrincipalSecret {
  id: string
  secret?: string
  secret_hash: string
  status: 'ACTIVE' | 'EXPIRED'
  create_time: string
  update_time: string
  expire_time: string
}

/** The OAuth secrets of a service principal, without the secrets themselves. */
export interface ListServicePrincipalSecretsResponse {
  secrets: ServicePrincipalSecret[]
  next_page_token?: string
}
