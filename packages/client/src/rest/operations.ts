/** Every operation of the REST API, as data: rendered by `npm run docs` from contract/operations, where it is to be changed. */
import type { Services } from '../contract/operations/services.ts'

/** What a value of a request is: text, a number, true or false, or JSON. */
export type FieldKind = 'string' | 'number' | 'boolean' | 'json'

/** How an operation is called. */
export interface OperationRow {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for each parameter. */
  readonly path: string
  /** The least scope that a token needs. */
  readonly scope: 'postgres' | 'all-apis' | 'none'
  /** Names of what must be given, wherever it goes. */
  readonly required: readonly string[]
  /** What goes behind the question mark. */
  readonly query: Readonly<Record<string, FieldKind>>
  /** The fields of the body; absent when there is none. */
  readonly body?: Readonly<Record<string, FieldKind>>
  /** The field of the answer that holds the items of a list with pages. */
  readonly items?: string
  /** What it does, in a sentence. */
  readonly summary: string
}

/** Every operation, by service and name. */
// prettier-ignore
export const OPERATIONS: { readonly [Service in keyof Services]: { readonly [Name in keyof Services[Service]]: OperationRow } } = {
  database: {
    createDatabaseInstance: { method: 'POST', path: '/api/2.0/database/instances', scope: 'postgres', required: ['name'], query: {}, body: { name: 'string', capacity: 'string', stopped: 'boolean', node_count: 'number', enable_readable_secondaries: 'boolean', enable_pg_native_login: 'boolean', retention_window_in_days: 'number', usage_policy_id: 'string', custom_tags: 'json', session_policy: 'json', enable_logical_replication: 'boolean', attached: 'json' }, summary: 'Creates a database instance.' },
    listDatabaseInstances: { method: 'GET', path: '/api/2.0/database/instances', scope: 'postgres', required: [], query: { page_size: 'number', page_token: 'string' }, items: 'database_instances', summary: 'Lists the database instances that the caller may see.' },
    findDatabaseInstanceByUid: { method: 'GET', path: '/api/2.0/database/instances:findByUid', scope: 'postgres', required: ['uid'], query: { uid: 'string' }, summary: 'Finds a database instance by its uid, which stays the same as long as it exists.' },
    getDatabaseInstance: { method: 'GET', path: '/api/2.0/database/instances/{name}', scope: 'postgres', required: ['name'], query: {}, summary: 'Reads a database instance: its address, its state and its settings.' },
    updateDatabaseInstance: { method: 'PATCH', path: '/api/2.0/database/instances/{name}', scope: 'postgres', required: ['name'], query: { update_mask: 'string' }, body: { name: 'string', capacity: 'string', stopped: 'boolean', node_count: 'number', enable_readable_secondaries: 'boolean', enable_pg_native_login: 'boolean', retention_window_in_days: 'number', usage_policy_id: 'string', custom_tags: 'json', session_policy: 'json', enable_logical_replication: 'boolean', attached: 'json' }, summary: 'Changes the settings of a database instance; stops or starts it.' },
    deleteDatabaseInstance: { method: 'DELETE', path: '/api/2.0/database/instances/{name}', scope: 'postgres', required: ['name'], query: { purge: 'boolean', force: 'boolean', remove_objects: 'boolean' }, summary: 'Deletes a database instance with its data; an attached cluster keeps its data.' },
    generateDatabaseCredential: { method: 'POST', path: '/api/2.0/database/credentials', scope: 'postgres', required: [], query: {}, body: { request_id: 'string', instance_names: 'json', claims: 'json' }, summary: 'Issues a database credential: a token that is the password of the caller for one hour.' },
    createDatabaseInstanceRole: { method: 'POST', path: '/api/2.0/database/instances/{instance_name}/roles', scope: 'postgres', required: ['instance_name', 'name'], query: {}, body: { name: 'string', identity_type: 'string', membership_role: 'string', attributes: 'json', existing_role: 'string' }, summary: 'Creates a role for an identity in a database instance, so that it can log in; or a role without an identity.' },
    listDatabaseInstanceRoles: { method: 'GET', path: '/api/2.0/database/instances/{instance_name}/roles', scope: 'postgres', required: ['instance_name'], query: { page_size: 'number', page_token: 'string' }, items: 'database_instance_roles', summary: 'Lists the roles of a database instance.' },
    getDatabaseInstanceRole: { method: 'GET', path: '/api/2.0/database/instances/{instance_name}/roles/{name}', scope: 'postgres', required: ['instance_name', 'name'], query: {}, summary: 'Reads a role of a database instance.' },
    updateDatabaseInstanceRole: { method: 'PATCH', path: '/api/2.0/database/instances/{instance_name}/roles/{name}', scope: 'postgres', required: ['instance_name', 'name'], query: {}, body: { name: 'string', identity_type: 'string', membership_role: 'string', attributes: 'json' }, summary: 'Changes the attributes of a role, and whether it is a member of `databricks_superuser`.' },
    deleteDatabaseInstanceRole: { method: 'DELETE', path: '/api/2.0/database/instances/{instance_name}/roles/{name}', scope: 'postgres', required: ['instance_name', 'name'], query: { allow_missing: 'boolean', reassign_owned_to: 'string' }, summary: 'Drops a role of a database instance.' },
    createDatabaseCatalog: { method: 'POST', path: '/api/2.0/database/catalogs', scope: 'postgres', required: ['name', 'database_instance_name', 'database_name'], query: {}, body: { name: 'string', database_instance_name: 'string', database_name: 'string', create_database_if_not_exists: 'boolean' }, summary: 'Registers a database under the name of a catalog, so that claims of credentials can name its tables.' },
    listDatabaseCatalogs: { method: 'GET', path: '/api/2.0/database/instances/{instance_name}/catalogs', scope: 'postgres', required: ['instance_name'], query: { page_size: 'number', page_token: 'string' }, items: 'database_catalogs', summary: 'Lists the catalogs of a database instance.' },
    getDatabaseCatalog: { method: 'GET', path: '/api/2.0/database/catalogs/{name}', scope: 'postgres', required: ['name'], query: {}, summary: 'Reads a catalog.' },
    updateDatabaseCatalog: { method: 'PATCH', path: '/api/2.0/database/catalogs/{name}', scope: 'postgres', required: ['name'], query: {}, body: { name: 'string', database_instance_name: 'string', database_name: 'string' }, summary: 'Changes which database a catalog stands for.' },
    deleteDatabaseCatalog: { method: 'DELETE', path: '/api/2.0/database/catalogs/{name}', scope: 'postgres', required: ['name'], query: {}, summary: 'Removes a catalog; its database stays.' },
    createDatabaseTable: { method: 'POST', path: '/api/2.0/database/tables', scope: 'postgres', required: ['name'], query: {}, body: { name: 'string', database_instance_name: 'string', logical_database_name: 'string' }, summary: 'Registers one table, so that claims of credentials can name it.' },
    getDatabaseTable: { method: 'GET', path: '/api/2.0/database/tables/{name}', scope: 'postgres', required: ['name'], query: {}, summary: 'Reads a registered table.' },
    deleteDatabaseTable: { method: 'DELETE', path: '/api/2.0/database/tables/{name}', scope: 'postgres', required: ['name'], query: {}, summary: 'Removes the registration of a table; the table itself stays.' },
  },
  permissions: {
    get: { method: 'GET', path: '/api/2.0/permissions/database-instances/{request_object_id}', scope: 'all-apis', required: ['request_object_id'], query: {}, summary: 'Reads the permissions on a database instance.' },
    set: { method: 'PUT', path: '/api/2.0/permissions/database-instances/{request_object_id}', scope: 'all-apis', required: ['request_object_id'], query: {}, body: { access_control_list: 'json' }, summary: 'Replaces all permissions on a database instance.' },
    update: { method: 'PATCH', path: '/api/2.0/permissions/database-instances/{request_object_id}', scope: 'all-apis', required: ['request_object_id'], query: {}, body: { access_control_list: 'json' }, summary: 'Adds permissions on a database instance, or changes them; the others stay.' },
    getPermissionLevels: { method: 'GET', path: '/api/2.0/permissions/database-instances/{request_object_id}/permissionLevels', scope: 'all-apis', required: ['request_object_id'], query: {}, summary: 'Lists the permission levels of database instances.' },
  },
  grants: {
    get: { method: 'GET', path: '/api/2.1/unity-catalog/permissions/{securable_type}/{full_name}', scope: 'all-apis', required: ['securable_type', 'full_name'], query: {}, summary: 'Lists who may read a catalog, schema or table.' },
    update: { method: 'PATCH', path: '/api/2.1/unity-catalog/permissions/{securable_type}/{full_name}', scope: 'all-apis', required: ['securable_type', 'full_name'], query: {}, body: { changes: 'json' }, summary: 'Adds readers of a catalog, schema or table, and removes some.' },
  },
  currentUser: {
    me: { method: 'GET', path: '/api/2.0/preview/scim/v2/Me', scope: 'postgres', required: [], query: {}, summary: "Reads who the caller is, and the caller's groups in the workspace; `userName` is the name of its PostgreSQL role." },
  },
  users: {
    create: { method: 'POST', path: '/api/2.0/preview/scim/v2/Users', scope: 'all-apis', required: ['userName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', userName: 'string', active: 'boolean', name: 'json' }, summary: 'Creates a user.' },
    list: { method: 'GET', path: '/api/2.0/preview/scim/v2/Users', scope: 'all-apis', required: [], query: { attributes: 'string', excludedAttributes: 'string', filter: 'string', startIndex: 'number', count: 'number', sortBy: 'string', sortOrder: 'string' }, items: 'Resources', summary: 'Lists users.' },
    get: { method: 'GET', path: '/api/2.0/preview/scim/v2/Users/{id}', scope: 'all-apis', required: ['id'], query: { attributes: 'string', excludedAttributes: 'string' }, summary: 'Reads a user.' },
    update: { method: 'PUT', path: '/api/2.0/preview/scim/v2/Users/{id}', scope: 'all-apis', required: ['id', 'userName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', userName: 'string', active: 'boolean', name: 'json' }, summary: 'Replaces a user: attributes that are left out are removed, except `active`, `roles` and `entitlements`.' },
    patch: { method: 'PATCH', path: '/api/2.0/preview/scim/v2/Users/{id}', scope: 'all-apis', required: ['id', 'Operations'], query: {}, body: { schemas: 'json', Operations: 'json' }, summary: 'Changes attributes of a user.' },
    delete: { method: 'DELETE', path: '/api/2.0/preview/scim/v2/Users/{id}', scope: 'all-apis', required: ['id'], query: {}, summary: 'Deletes a user; in a workspace, takes a user that other workspaces share out of it.' },
  },
  groups: {
    create: { method: 'POST', path: '/api/2.0/preview/scim/v2/Groups', scope: 'all-apis', required: ['displayName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', members: 'json' }, summary: 'Creates a group.' },
    list: { method: 'GET', path: '/api/2.0/preview/scim/v2/Groups', scope: 'all-apis', required: [], query: { attributes: 'string', excludedAttributes: 'string', filter: 'string', startIndex: 'number', count: 'number', sortBy: 'string', sortOrder: 'string' }, items: 'Resources', summary: 'Lists groups with their direct members.' },
    get: { method: 'GET', path: '/api/2.0/preview/scim/v2/Groups/{id}', scope: 'all-apis', required: ['id'], query: { attributes: 'string', excludedAttributes: 'string' }, summary: 'Reads a group with its direct members.' },
    update: { method: 'PUT', path: '/api/2.0/preview/scim/v2/Groups/{id}', scope: 'all-apis', required: ['id', 'displayName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', members: 'json' }, summary: 'Replaces a group with all of its members.' },
    patch: { method: 'PATCH', path: '/api/2.0/preview/scim/v2/Groups/{id}', scope: 'all-apis', required: ['id', 'Operations'], query: {}, body: { schemas: 'json', Operations: 'json' }, summary: 'Changes attributes and members of a group.' },
    delete: { method: 'DELETE', path: '/api/2.0/preview/scim/v2/Groups/{id}', scope: 'all-apis', required: ['id'], query: {}, summary: 'Deletes a group; in a workspace, takes one that other workspaces share out of it.' },
  },
  servicePrincipals: {
    create: { method: 'POST', path: '/api/2.0/preview/scim/v2/ServicePrincipals', scope: 'all-apis', required: [], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', applicationId: 'string', active: 'boolean' }, summary: 'Creates a service principal: an identity for a program.' },
    list: { method: 'GET', path: '/api/2.0/preview/scim/v2/ServicePrincipals', scope: 'all-apis', required: [], query: { attributes: 'string', excludedAttributes: 'string', filter: 'string', startIndex: 'number', count: 'number', sortBy: 'string', sortOrder: 'string' }, items: 'Resources', summary: 'Lists service principals.' },
    get: { method: 'GET', path: '/api/2.0/preview/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['id'], query: { attributes: 'string', excludedAttributes: 'string' }, summary: 'Reads a service principal.' },
    update: { method: 'PUT', path: '/api/2.0/preview/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['id'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', applicationId: 'string', active: 'boolean' }, summary: 'Replaces a service principal; its application id stays.' },
    patch: { method: 'PATCH', path: '/api/2.0/preview/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['id', 'Operations'], query: {}, body: { schemas: 'json', Operations: 'json' }, summary: 'Changes attributes of a service principal.' },
    delete: { method: 'DELETE', path: '/api/2.0/preview/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['id'], query: {}, summary: 'Deletes a service principal with its secrets; in a workspace, takes one that other workspaces share out of it.' },
  },
  servicePrincipalSecretsProxy: {
    create: { method: 'POST', path: '/api/2.0/accounts/servicePrincipals/{service_principal_id}/credentials/secrets', scope: 'all-apis', required: ['service_principal_id'], query: {}, body: { lifetime: 'string' }, summary: 'Creates an OAuth secret of a service principal; the secret is shown once.' },
    list: { method: 'GET', path: '/api/2.0/accounts/servicePrincipals/{service_principal_id}/credentials/secrets', scope: 'all-apis', required: ['service_principal_id'], query: {}, summary: 'Lists the OAuth secrets of a service principal, without the secrets themselves.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/servicePrincipals/{service_principal_id}/credentials/secrets/{secret_id}', scope: 'all-apis', required: ['secret_id', 'service_principal_id'], query: {}, summary: 'Deletes an OAuth secret of a service principal.' },
  },
  tokens: {
    create: { method: 'POST', path: '/api/2.0/token/create', scope: 'all-apis', required: [], query: {}, body: { comment: 'string', lifetime_seconds: 'number', scopes: 'json', autoscope_enabled: 'boolean' }, summary: 'Creates a personal access token of the caller; its value is shown once.' },
    list: { method: 'GET', path: '/api/2.0/token/list', scope: 'all-apis', required: [], query: {}, summary: 'Lists the personal access tokens of the caller.' },
    delete: { method: 'POST', path: '/api/2.0/token/delete', scope: 'all-apis', required: ['token_id'], query: {}, body: { token_id: 'string' }, summary: 'Revokes a personal access token of the caller.' },
    introspect: { method: 'GET', path: '/api/2.0/tokens/introspect', scope: 'postgres', required: [], query: {}, summary: "Tells to which account and workspace the caller's token belongs." },
  },
  tokenManagement: {
    createOboToken: { method: 'POST', path: '/api/2.0/token-management/on-behalf-of/tokens', scope: 'all-apis', required: ['application_id'], query: {}, body: { comment: 'string', lifetime_seconds: 'number', scopes: 'json', autoscope_enabled: 'boolean', application_id: 'string' }, summary: 'Creates a personal access token for a service principal; its value is shown once.' },
    list: { method: 'GET', path: '/api/2.0/token-management/tokens', scope: 'all-apis', required: [], query: { created_by_id: 'string', created_by_username: 'string' }, summary: 'Lists the personal access tokens of everybody in the workspace.' },
    get: { method: 'GET', path: '/api/2.0/token-management/tokens/{token_id}', scope: 'all-apis', required: ['token_id'], query: {}, summary: 'Reads one personal access token, without its value.' },
    delete: { method: 'DELETE', path: '/api/2.0/token-management/tokens/{token_id}', scope: 'all-apis', required: ['token_id'], query: {}, summary: 'Revokes a personal access token of anybody in the workspace.' },
  },
  workspace: {
    getStatus: { method: 'GET', path: '/api/2.0/workspace/get-status', scope: 'all-apis', required: ['path'], query: { path: 'string' }, summary: 'Tells what is at a path.' },
    list: { method: 'GET', path: '/api/2.0/workspace/list', scope: 'all-apis', required: ['path'], query: { path: 'string' }, summary: 'Lists a directory.' },
    mkdirs: { method: 'POST', path: '/api/2.0/workspace/mkdirs', scope: 'all-apis', required: ['path'], query: {}, body: { path: 'string' }, summary: 'Makes a directory, and those above it.' },
    delete: { method: 'POST', path: '/api/2.0/workspace/delete', scope: 'all-apis', required: ['path'], query: {}, body: { path: 'string', recursive: 'boolean' }, summary: 'Deletes a file or a directory.' },
    import: { method: 'POST', path: '/api/2.0/workspace/import', scope: 'all-apis', required: ['path', 'format'], query: {}, body: { path: 'string', content: 'string', format: 'string', overwrite: 'boolean' }, summary: 'Writes a file.' },
    export: { method: 'GET', path: '/api/2.0/workspace/export', scope: 'all-apis', required: ['path'], query: { format: 'string', path: 'string' }, summary: 'Reads a file.' },
    getPermissions: { method: 'GET', path: '/api/2.0/permissions/directories/{workspace_object_id}', scope: 'all-apis', required: ['workspace_object_id'], query: {}, summary: 'Reads the permissions on a directory.' },
    setPermissions: { method: 'PUT', path: '/api/2.0/permissions/directories/{workspace_object_id}', scope: 'all-apis', required: ['workspace_object_id'], query: {}, body: { access_control_list: 'json' }, summary: 'Confirms the permissions on a directory: only those that its owner and administrators have anyway are accepted.' },
    updatePermissions: { method: 'PATCH', path: '/api/2.0/permissions/directories/{workspace_object_id}', scope: 'all-apis', required: ['workspace_object_id'], query: {}, body: { access_control_list: 'json' }, summary: 'Confirms permissions on a directory: only those that its owner and administrators have anyway are accepted.' },
  },
  scim: {
    getServiceProviderConfig: { method: 'GET', path: '/api/2.0/preview/scim/v2/ServiceProviderConfig', scope: 'all-apis', required: [], query: {}, summary: 'Reads which parts of SCIM the server supports.' },
    listSchemas: { method: 'GET', path: '/api/2.0/preview/scim/v2/Schemas', scope: 'all-apis', required: [], query: {}, summary: 'Lists the schemas of users, service principals and groups.' },
    getSchema: { method: 'GET', path: '/api/2.0/preview/scim/v2/Schemas/{id}', scope: 'all-apis', required: ['id'], query: {}, summary: 'Reads one schema.' },
    listResourceTypes: { method: 'GET', path: '/api/2.0/preview/scim/v2/ResourceTypes', scope: 'all-apis', required: [], query: {}, summary: 'Lists the types of resources.' },
    getResourceType: { method: 'GET', path: '/api/2.0/preview/scim/v2/ResourceTypes/{id}', scope: 'all-apis', required: ['id'], query: {}, summary: 'Reads one type of resources.' },
  },
  workspaces: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/workspaces', scope: 'all-apis', required: ['account_id', 'workspace_name'], query: {}, body: { workspace_name: 'string', deployment_name: 'string' }, summary: 'Creates a workspace.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/workspaces', scope: 'all-apis', required: ['account_id'], query: {}, summary: 'Lists the workspaces to which the caller is assigned; for an administrator of the account, all of them.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}', scope: 'all-apis', required: ['account_id', 'workspace_id'], query: {}, summary: 'Reads a workspace.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}', scope: 'all-apis', required: ['account_id', 'workspace_id'], query: {}, summary: 'Deletes a workspace; the first one, and one that has database instances, cannot be deleted.' },
  },
  workspaceAssignment: {
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments', scope: 'all-apis', required: ['account_id', 'workspace_id'], query: {}, summary: 'Lists who is assigned to a workspace.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/permissions', scope: 'all-apis', required: ['account_id', 'workspace_id'], query: {}, summary: 'Lists the permissions with which somebody can be assigned.' },
    update: { method: 'PUT', path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/principals/{principal_id}', scope: 'all-apis', required: ['account_id', 'principal_id', 'workspace_id', 'permissions'], query: {}, body: { permissions: 'json' }, summary: 'Assigns a principal to a workspace; an empty list of permissions ends the assignment.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/workspaces/{workspace_id}/permissionassignments/principals/{principal_id}', scope: 'all-apis', required: ['account_id', 'principal_id', 'workspace_id'], query: {}, summary: 'Ends the assignment of a principal to a workspace.' },
  },
  accountCurrentUser: {
    me: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/Me', scope: 'postgres', required: ['account_id'], query: {}, summary: "Reads who the caller is, and the caller's groups in the whole account." },
  },
  accountUsers: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/scim/v2/Users', scope: 'all-apis', required: ['account_id', 'userName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', userName: 'string', active: 'boolean', name: 'json' }, summary: 'Creates a user.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/Users', scope: 'all-apis', required: ['account_id'], query: { attributes: 'string', excludedAttributes: 'string', filter: 'string', startIndex: 'number', count: 'number', sortBy: 'string', sortOrder: 'string' }, items: 'Resources', summary: 'Lists users.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/Users/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: { attributes: 'string', excludedAttributes: 'string' }, summary: 'Reads a user.' },
    update: { method: 'PUT', path: '/api/2.0/accounts/{account_id}/scim/v2/Users/{id}', scope: 'all-apis', required: ['account_id', 'id', 'userName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', userName: 'string', active: 'boolean', name: 'json' }, summary: 'Replaces a user: attributes that are left out are removed, except `active`, `roles` and `entitlements`.' },
    patch: { method: 'PATCH', path: '/api/2.0/accounts/{account_id}/scim/v2/Users/{id}', scope: 'all-apis', required: ['account_id', 'id', 'Operations'], query: {}, body: { schemas: 'json', Operations: 'json' }, summary: 'Changes attributes of a user.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/scim/v2/Users/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: {}, summary: 'Deletes a user; in a workspace, takes a user that other workspaces share out of it.' },
  },
  accountGroups: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/scim/v2/Groups', scope: 'all-apis', required: ['account_id', 'displayName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', members: 'json' }, summary: 'Creates a group.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/Groups', scope: 'all-apis', required: ['account_id'], query: { attributes: 'string', excludedAttributes: 'string', filter: 'string', startIndex: 'number', count: 'number', sortBy: 'string', sortOrder: 'string' }, items: 'Resources', summary: 'Lists groups with their direct members.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/Groups/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: { attributes: 'string', excludedAttributes: 'string' }, summary: 'Reads a group with its direct members.' },
    update: { method: 'PUT', path: '/api/2.0/accounts/{account_id}/scim/v2/Groups/{id}', scope: 'all-apis', required: ['account_id', 'id', 'displayName'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', members: 'json' }, summary: 'Replaces a group with all of its members.' },
    patch: { method: 'PATCH', path: '/api/2.0/accounts/{account_id}/scim/v2/Groups/{id}', scope: 'all-apis', required: ['account_id', 'id', 'Operations'], query: {}, body: { schemas: 'json', Operations: 'json' }, summary: 'Changes attributes and members of a group.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/scim/v2/Groups/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: {}, summary: 'Deletes a group; in a workspace, takes one that other workspaces share out of it.' },
  },
  accountServicePrincipals: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/scim/v2/ServicePrincipals', scope: 'all-apis', required: ['account_id'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', applicationId: 'string', active: 'boolean' }, summary: 'Creates a service principal: an identity for a program.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/ServicePrincipals', scope: 'all-apis', required: ['account_id'], query: { attributes: 'string', excludedAttributes: 'string', filter: 'string', startIndex: 'number', count: 'number', sortBy: 'string', sortOrder: 'string' }, items: 'Resources', summary: 'Lists service principals.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: { attributes: 'string', excludedAttributes: 'string' }, summary: 'Reads a service principal.' },
    update: { method: 'PUT', path: '/api/2.0/accounts/{account_id}/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: { attributes: 'string', excludedAttributes: 'string' }, body: { schemas: 'json', displayName: 'string', externalId: 'string', roles: 'json', entitlements: 'json', applicationId: 'string', active: 'boolean' }, summary: 'Replaces a service principal; its application id stays.' },
    patch: { method: 'PATCH', path: '/api/2.0/accounts/{account_id}/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['account_id', 'id', 'Operations'], query: {}, body: { schemas: 'json', Operations: 'json' }, summary: 'Changes attributes of a service principal.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/scim/v2/ServicePrincipals/{id}', scope: 'all-apis', required: ['account_id', 'id'], query: {}, summary: 'Deletes a service principal with its secrets; in a workspace, takes one that other workspaces share out of it.' },
  },
  servicePrincipalSecrets: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/credentials/secrets', scope: 'all-apis', required: ['account_id', 'service_principal_id'], query: {}, body: { lifetime: 'string' }, summary: 'Creates an OAuth secret of a service principal; the secret is shown once.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/credentials/secrets', scope: 'all-apis', required: ['account_id', 'service_principal_id'], query: {}, summary: 'Lists the OAuth secrets of a service principal, without the secrets themselves.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/credentials/secrets/{secret_id}', scope: 'all-apis', required: ['account_id', 'secret_id', 'service_principal_id'], query: {}, summary: 'Deletes an OAuth secret of a service principal.' },
  },
  accountFederationPolicy: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/federationPolicies', scope: 'all-apis', required: ['account_id', 'oidc_policy'], query: { policy_id: 'string' }, body: { description: 'string', oidc_policy: 'json' }, summary: 'Creates a federation policy: from now on tokens of that issuer can be exchanged.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/federationPolicies', scope: 'all-apis', required: ['account_id'], query: {}, summary: 'Lists the federation policies.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/federationPolicies/{policy_id}', scope: 'all-apis', required: ['account_id', 'policy_id'], query: {}, summary: 'Reads a federation policy.' },
    update: { method: 'PATCH', path: '/api/2.0/accounts/{account_id}/federationPolicies/{policy_id}', scope: 'all-apis', required: ['account_id', 'policy_id'], query: { update_mask: 'string' }, body: { description: 'string', oidc_policy: 'json' }, summary: 'Changes a federation policy: every field that is sent.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/federationPolicies/{policy_id}', scope: 'all-apis', required: ['account_id', 'policy_id'], query: {}, summary: 'Deletes a federation policy.' },
  },
  servicePrincipalFederationPolicy: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/federationPolicies', scope: 'all-apis', required: ['account_id', 'service_principal_id', 'oidc_policy'], query: { policy_id: 'string' }, body: { description: 'string', oidc_policy: 'json' }, summary: 'Creates a federation policy: from now on tokens of that issuer can be exchanged.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/federationPolicies', scope: 'all-apis', required: ['account_id', 'service_principal_id'], query: {}, summary: 'Lists the federation policies.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/federationPolicies/{policy_id}', scope: 'all-apis', required: ['account_id', 'policy_id', 'service_principal_id'], query: {}, summary: 'Reads a federation policy.' },
    update: { method: 'PATCH', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/federationPolicies/{policy_id}', scope: 'all-apis', required: ['account_id', 'policy_id', 'service_principal_id'], query: { update_mask: 'string' }, body: { description: 'string', oidc_policy: 'json' }, summary: 'Changes a federation policy: every field that is sent.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/servicePrincipals/{service_principal_id}/federationPolicies/{policy_id}', scope: 'all-apis', required: ['account_id', 'policy_id', 'service_principal_id'], query: {}, summary: 'Deletes a federation policy.' },
  },
  customAppIntegration: {
    create: { method: 'POST', path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations', scope: 'all-apis', required: ['account_id', 'name', 'redirect_urls'], query: {}, body: { redirect_urls: 'json', scopes: 'json', token_access_policy: 'json', user_authorized_scopes: 'json', name: 'string', confidential: 'boolean' }, summary: 'Creates an OAuth application; the secret of a confidential one is shown once.' },
    list: { method: 'GET', path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations', scope: 'all-apis', required: ['account_id'], query: {}, summary: 'Lists the OAuth applications of the account.' },
    get: { method: 'GET', path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{integration_id}', scope: 'all-apis', required: ['account_id', 'integration_id'], query: {}, summary: 'Reads an OAuth application.' },
    update: { method: 'PATCH', path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{integration_id}', scope: 'all-apis', required: ['account_id', 'integration_id'], query: {}, body: { redirect_urls: 'json', scopes: 'json', token_access_policy: 'json', user_authorized_scopes: 'json' }, summary: 'Changes an OAuth application: every field that is sent.' },
    delete: { method: 'DELETE', path: '/api/2.0/accounts/{account_id}/oauth2/custom-app-integrations/{integration_id}', scope: 'all-apis', required: ['account_id', 'integration_id'], query: {}, summary: 'Deletes an OAuth application.' },
  },
  instances: {
    listDatabases: { method: 'GET', path: '/api/2.0/lakegate/instances/{instance_name}/databases', scope: 'postgres', required: ['instance_name'], query: {}, summary: 'Lists the databases of an instance.' },
    listTables: { method: 'GET', path: '/api/2.0/lakegate/instances/{instance_name}/tables', scope: 'postgres', required: ['instance_name'], query: { page_size: 'number', page_token: 'string' }, items: 'database_tables', summary: 'Lists the tables of an instance that are registered for claims.' },
    getMetrics: { method: 'GET', path: '/api/2.0/lakegate/instances/{instance_name}/metrics', scope: 'postgres', required: ['instance_name'], query: { since: 'string', points: 'number' }, summary: 'Reads how an instance was used over time: sessions, logins, bytes.' },
    getRights: { method: 'GET', path: '/api/2.0/lakegate/instances/{instance_name}/rights', scope: 'postgres', required: ['instance_name'], query: {}, summary: 'Tells what the caller may do with an instance.' },
    listSignInRoles: { method: 'GET', path: '/api/2.0/lakegate/instances/{instance_name}/sign-in-roles', scope: 'postgres', required: ['instance_name'], query: {}, summary: 'Lists the roles as which the caller could log in now.' },
    checkLogin: { method: 'POST', path: '/api/2.0/lakegate/instances/{instance_name}/login-check', scope: 'postgres', required: ['instance_name', 'role'], query: {}, body: { identity: 'string', role: 'string', database: 'string' }, summary: 'Tells whether a login would be admitted, step by step, and which error it would get.' },
  },
  sessions: {
    listOfInstance: { method: 'GET', path: '/api/2.0/lakegate/instances/{instance_name}/sessions', scope: 'postgres', required: ['instance_name'], query: {}, summary: 'Lists the open sessions of an instance.' },
    endOfInstance: { method: 'DELETE', path: '/api/2.0/lakegate/instances/{instance_name}/sessions/{session_id}', scope: 'postgres', required: ['instance_name', 'session_id'], query: {}, summary: 'Ends one session of an instance.' },
    listOfIdentity: { method: 'GET', path: '/api/2.0/lakegate/identities/{identity_id}/sessions', scope: 'all-apis', required: ['identity_id'], query: {}, summary: 'Lists the open sessions of an identity in all instances.' },
    endOfIdentity: { method: 'DELETE', path: '/api/2.0/lakegate/identities/{identity_id}/sessions', scope: 'all-apis', required: ['identity_id'], query: {}, summary: 'Ends all open sessions of an identity.' },
  },
  identities: {
    getRights: { method: 'GET', path: '/api/2.0/lakegate/identities/{identity_id}/rights', scope: 'all-apis', required: ['identity_id'], query: {}, summary: 'Tells what the caller may do with an identity of the workspace.' },
  },
  signIn: {
    createLink: { method: 'POST', path: '/api/2.0/lakegate/users/{user_id}/sign-in-link', scope: 'all-apis', required: ['user_id'], query: {}, body: {}, summary: 'Creates a link with which a user sets the password, once.' },
    listSessions: { method: 'GET', path: '/api/2.0/lakegate/users/{user_id}/sessions', scope: 'all-apis', required: ['user_id'], query: {}, summary: 'Lists the browsers and applications in which a user is signed in.' },
    endSession: { method: 'DELETE', path: '/api/2.0/lakegate/users/{user_id}/sessions/{session_id}', scope: 'all-apis', required: ['session_id', 'user_id'], query: {}, summary: 'Signs a user out of one browser or application.' },
  },
  audit: {
    list: { method: 'GET', path: '/api/2.0/lakegate/audit', scope: 'all-apis', required: [], query: { event: 'string', outcome: 'string', reason: 'string', identity_id: 'string', instance_uid: 'string', since: 'string', until: 'string', page_size: 'number', page_token: 'string' }, items: 'records', summary: 'Reads the audit of the workspace, newest first.' },
    listOfAccount: { method: 'GET', path: '/api/2.0/accounts/{account_id}/lakegate/audit', scope: 'all-apis', required: ['account_id'], query: { event: 'string', outcome: 'string', reason: 'string', identity_id: 'string', instance_uid: 'string', since: 'string', until: 'string', page_size: 'number', page_token: 'string' }, items: 'records', summary: 'Reads the audit of the whole account, newest first.' },
  },
  savedQueries: {
    create: { method: 'POST', path: '/api/2.0/lakegate/saved-queries', scope: 'postgres', required: ['name', 'sql'], query: {}, body: { name: 'string', sql: 'string', database_instance_name: 'string', database: 'string', is_shared: 'boolean' }, summary: 'Saves a query.' },
    list: { method: 'GET', path: '/api/2.0/lakegate/saved-queries', scope: 'postgres', required: [], query: { page_size: 'number', page_token: 'string' }, items: 'queries', summary: "Lists the caller's own queries and those that others share, by name." },
    get: { method: 'GET', path: '/api/2.0/lakegate/saved-queries/{query_id}', scope: 'postgres', required: ['query_id'], query: {}, summary: 'Reads a saved query.' },
    update: { method: 'PATCH', path: '/api/2.0/lakegate/saved-queries/{query_id}', scope: 'postgres', required: ['query_id', 'version'], query: {}, body: { version: 'number', name: 'string', sql: 'string', database_instance_name: 'string', database: 'string', is_shared: 'boolean' }, summary: 'Changes a saved query, unless somebody has changed it since it was read.' },
    delete: { method: 'DELETE', path: '/api/2.0/lakegate/saved-queries/{query_id}', scope: 'postgres', required: ['query_id'], query: {}, summary: 'Deletes a saved query.' },
  },
  installation: {
    getRights: { method: 'GET', path: '/api/2.0/lakegate/rights', scope: 'postgres', required: [], query: {}, summary: 'Tells what the caller may do in the workspace.' },
    listRefusals: { method: 'GET', path: '/api/2.0/lakegate/refusals', scope: 'postgres', required: [], query: {}, summary: 'Lists everything that can be refused, with its meaning and next steps.' },
    getCertificateAuthority: { method: 'GET', path: '/api/2.0/lakegate/certificate-authority', scope: 'postgres', required: [], query: {}, summary: 'Reads the certificate with which clients verify the server, for `sslrootcert`.' },
    rotateSigningKeys: { method: 'POST', path: '/api/2.0/accounts/{account_id}/lakegate/signing-keys', scope: 'all-apis', required: ['account_id'], query: {}, body: {}, summary: 'Rotates the keys that sign tokens; tokens that exist stay valid until they expire.' },
  },
  discovery: {
    getHostMetadata: { method: 'GET', path: '/.well-known/databricks-config', scope: 'none', required: [], query: {}, summary: 'Tells where the OAuth server is, and which account and workspace this host is.' },
    getHealth: { method: 'GET', path: '/healthz', scope: 'none', required: [], query: {}, summary: 'Tells that the server is alive.' },
    getReadiness: { method: 'GET', path: '/readyz', scope: 'none', required: [], query: {}, summary: 'Tells whether the server can do its work; 503 when it cannot.' },
  },
}
