/** Who there is: SCIM 2.0 (RFC 7643, RFC 7644) in the workspace and in the account (wire-contract §4.4). */
import type {
  ScimGroup,
  ScimGroupRequest,
  ScimListResponse,
  ScimMe,
  ScimPatch,
  ScimServicePrincipal,
  ScimServicePrincipalRequest,
  ScimUser,
  ScimUserRequest,
} from '../identities.ts'
import type {
  ScimResourceTypeAnswer,
  ScimSchemaAnswer,
  ScimServiceProviderConfig,
} from '../scim-discovery.ts'
import type { EmptyAnswer, OfAccount, OfIdentity } from './operation.ts'

type WorkspacePath = '/api/2.0/preview/scim/v2'
type AccountPath = '/api/2.0/accounts/{account_id}/scim/v2'

/** Which attributes an answer contains (RFC 7644 §3.9). */
interface AttributesQuery {
  /**
   * Names of the only attributes to answer with, with commas between; `id` and `schemas` are always there.
   *
   * @maxLength 1024
   */
  attributes?: string
  /**
   * Names of attributes to leave out, with commas between.
   *
   * @maxLength 1024
   */
  excludedAttributes?: string
}

/** Which resources a list contains (RFC 7644 §3.4.2). */
interface ScimListQuery extends AttributesQuery {
  /** A SCIM filter, such as `displayName co "team"`. */
  filter?: string
  /** Number of the first resource, counted from 1. */
  startIndex?: number
  /** At most so many resources; at most 10,000. */
  count?: number
  /**
   * Name of the attribute by which the list is ordered.
   *
   * @maxLength 256
   */
  sortBy?: string
  /** `ascending` when left out. */
  sortOrder?: 'ascending' | 'descending'
}

/** A change of what has not changed since it was read (RFC 7644 §3.14). */
interface IfMatchHeader {
  /** `meta.version` as it was read; 412 when the resource has changed since. */
  'If-Match'?: string
}

/** `currentUser`: the caller. */
export interface CurrentUserService {
  /** Reads who the caller is, and the caller's groups in the workspace; `userName` is the name of its PostgreSQL role. */
  me: {
    method: 'GET'
    path: '/api/2.0/preview/scim/v2/Me'
    scope: 'postgres'
    answer: ScimMe
  }
}

/** `accountCurrentUser`: the caller, with its groups of the whole account. */
export interface AccountCurrentUserService {
  /** Reads who the caller is, and the caller's groups in the whole account. */
  me: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/scim/v2/Me'
    scope: 'postgres'
    parameters: OfAccount
    answer: ScimMe
  }
}

/** Users of a workspace or of the account. */
interface Users<Path extends string, Place> {
  /** Creates a user. */
  create: {
    method: 'POST'
    path: `${Path}/Users`
    scope: 'all-apis'
    parameters: Place
    query: AttributesQuery
    body: ScimUserRequest
    status: 201
    answer: ScimUser
  }
  /** Lists users. */
  list: {
    method: 'GET'
    path: `${Path}/Users`
    scope: 'all-apis'
    parameters: Place
    query: ScimListQuery
    answer: ScimListResponse<ScimUser>
    items: 'Resources'
  }
  /** Reads a user. */
  get: {
    method: 'GET'
    path: `${Path}/Users/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    query: AttributesQuery
    answer: ScimUser
  }
  /** Replaces a user: attributes that are left out are removed, except `active`, `roles` and `entitlements`. */
  update: {
    method: 'PUT'
    path: `${Path}/Users/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    query: AttributesQuery
    headers: IfMatchHeader
    body: ScimUserRequest
    answer: ScimUser
  }
  /** Changes attributes of a user. */
  patch: {
    method: 'PATCH'
    path: `${Path}/Users/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    headers: IfMatchHeader
    body: ScimPatch
    status: 204
    answer: EmptyAnswer
  }
  /** Deletes a user; in a workspace, takes a user that other workspaces share out of it. */
  delete: {
    method: 'DELETE'
    path: `${Path}/Users/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    headers: IfMatchHeader
    status: 204
    answer: EmptyAnswer
  }
}

/** `users`: the people of the workspace. */
export type UsersService = Users<WorkspacePath, object>
/** `accountUsers`: the people of the account. */
export type AccountUsersService = Users<AccountPath, OfAccount>

/** Service principals of a workspace or of the account. */
interface ServicePrincipals<Path extends string, Place> {
  /** Creates a service principal: an identity for a program. */
  create: {
    method: 'POST'
    path: `${Path}/ServicePrincipals`
    scope: 'all-apis'
    parameters: Place
    query: AttributesQuery
    body: ScimServicePrincipalRequest
    status: 201
    answer: ScimServicePrincipal
  }
  /** Lists service principals. */
  list: {
    method: 'GET'
    path: `${Path}/ServicePrincipals`
    scope: 'all-apis'
    parameters: Place
    query: ScimListQuery
    answer: ScimListResponse<ScimServicePrincipal>
    items: 'Resources'
  }
  /** Reads a service principal. */
  get: {
    method: 'GET'
    path: `${Path}/ServicePrincipals/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    query: AttributesQuery
    answer: ScimServicePrincipal
  }
  /** Replaces a service principal; its application id stays. */
  update: {
    method: 'PUT'
    path: `${Path}/ServicePrincipals/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    query: AttributesQuery
    headers: IfMatchHeader
    body: ScimServicePrincipalRequest
    answer: ScimServicePrincipal
  }
  /** Changes attributes of a service principal. */
  patch: {
    method: 'PATCH'
    path: `${Path}/ServicePrincipals/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    headers: IfMatchHeader
    body: ScimPatch
    status: 204
    answer: EmptyAnswer
  }
  /** Deletes a service principal with its secrets; in a workspace, takes one that other workspaces share out of it. */
  delete: {
    method: 'DELETE'
    path: `${Path}/ServicePrincipals/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    headers: IfMatchHeader
    status: 204
    answer: EmptyAnswer
  }
}

/** `servicePrincipals`: the programs of the workspace. */
export type ServicePrincipalsService = ServicePrincipals<WorkspacePath, object>
/** `accountServicePrincipals`: the programs of the account. */
export type AccountServicePrincipalsService = ServicePrincipals<AccountPath, OfAccount>

/** Groups of a workspace or of the account. */
interface Groups<Path extends string, Place> {
  /** Creates a group. */
  create: {
    method: 'POST'
    path: `${Path}/Groups`
    scope: 'all-apis'
    parameters: Place
    query: AttributesQuery
    body: ScimGroupRequest
    status: 201
    answer: ScimGroup
  }
  /** Lists groups with their direct members. */
  list: {
    method: 'GET'
    path: `${Path}/Groups`
    scope: 'all-apis'
    parameters: Place
    query: ScimListQuery
    answer: ScimListResponse<ScimGroup>
    items: 'Resources'
  }
  /** Reads a group with its direct members. */
  get: {
    method: 'GET'
    path: `${Path}/Groups/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    query: AttributesQuery
    answer: ScimGroup
  }
  /** Replaces a group with all of its members. */
  update: {
    method: 'PUT'
    path: `${Path}/Groups/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    query: AttributesQuery
    headers: IfMatchHeader
    body: ScimGroupRequest
    answer: ScimGroup
  }
  /** Changes attributes and members of a group. */
  patch: {
    method: 'PATCH'
    path: `${Path}/Groups/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    headers: IfMatchHeader
    body: ScimPatch
    status: 204
    answer: EmptyAnswer
  }
  /** Deletes a group; in a workspace, takes one that other workspaces share out of it. */
  delete: {
    method: 'DELETE'
    path: `${Path}/Groups/{id}`
    scope: 'all-apis'
    parameters: Place & OfIdentity
    headers: IfMatchHeader
    status: 204
    answer: EmptyAnswer
  }
}

/** `groups`: the groups of the workspace. */
export type GroupsService = Groups<WorkspacePath, object>
/** `accountGroups`: the groups of the account. */
export type AccountGroupsService = Groups<AccountPath, OfAccount>

/** `scim`: what an identity provider reads before it provisions (RFC 7644 §4). */
export interface ScimService {
  /** Reads which parts of SCIM the server supports. */
  getServiceProviderConfig: {
    method: 'GET'
    path: '/api/2.0/preview/scim/v2/ServiceProviderConfig'
    scope: 'all-apis'
    answer: ScimServiceProviderConfig
  }
  /** Lists the schemas of users, service principals and groups. */
  listSchemas: {
    method: 'GET'
    path: '/api/2.0/preview/scim/v2/Schemas'
    scope: 'all-apis'
    answer: ScimListResponse<ScimSchemaAnswer>
  }
  /** Reads one schema. */
  getSchema: {
    method: 'GET'
    path: '/api/2.0/preview/scim/v2/Schemas/{id}'
    scope: 'all-apis'
    parameters: {
      /** The URN of the schema. */
      id: string
    }
    answer: ScimSchemaAnswer
  }
  /** Lists the types of resources. */
  listResourceTypes: {
    method: 'GET'
    path: '/api/2.0/preview/scim/v2/ResourceTypes'
    scope: 'all-apis'
    answer: ScimListResponse<ScimResourceTypeAnswer>
  }
  /** Reads one type of resources. */
  getResourceType: {
    method: 'GET'
    path: '/api/2.0/preview/scim/v2/ResourceTypes/{id}'
    scope: 'all-apis'
    parameters: {
      /** `User`, `ServicePrincipal` or `Group`. */
      id: string
    }
    answer: ScimResourceTypeAnswer
  }
}
