/** REST types of `/api/2.0/database/*` (wire-contract §1). Names and optionality are the vendor's. */

/** Where a database instance is in its life; it accepts logins while it is `AVAILABLE`. */
export type DatabaseInstanceState =
  'STARTING' | 'AVAILABLE' | 'STOPPED' | 'UPDATING' | 'FAILING_OVER' | 'DELETING'

/** A name with a value, for the caller's own use. */
export interface CustomTag {
  key: string
  value: string
}

/** What a caller sends to change an instance. */
export interface DatabaseInstanceRequest {
  /** The name of the instance, which cannot be changed. */
  name?: string
  capacity?: 'CU_1' | 'CU_2' | 'CU_4' | 'CU_8'
  /** True stops the instance, false starts it. */
  stopped?: boolean
  /** Only 1 is supported. */
  node_count?: number
  enable_readable_secondaries?: boolean
  /** Whether roles of PostgreSQL may log in with passwords of their own. */
  enable_pg_native_login?: boolean
  retention_window_in_days?: number
  usage_policy_id?: string
  custom_tags?: CustomTag[]
  /** Lakegate's own addition. */
  session_policy?: SessionPolicy
  /** Lakegate's own addition: change data capture; a change restarts the instance. */
  enable_logical_replication?: boolean
  attached?: AttachedClusterRequest
}

/** Lakegate's own addition: what ends open sessions; by default nothing does. */
export interface SessionPolicy {
  end_on_token_expiry?: boolean
  end_on_membership_loss?: boolean
}

/** What a caller sends to create an instance. */
export interface CreateDatabaseInstanceRequest extends DatabaseInstanceRequest {
  /** 1 to 63 letters, digits and hyphens. */
  name: string
}

/** A database instance; false booleans are present (behaviour 62). */
export interface DatabaseInstance extends Omit<DatabaseInstanceRequest, 'attached'> {
  name: string
  uid: string
  state: DatabaseInstanceState
  /** Name of the owner. */
  creator: string
  creation_time: string
  pg_version?: string
  /** The host to connect to. */
  read_write_dns: string
  effective_capacity: string
  effective_stopped: boolean
  effective_node_count: number
  effective_enable_readable_secondaries: boolean
  effective_enable_pg_native_login: boolean
  effective_retention_window_in_days: number
  effective_usage_policy_id?: string
  effective_custom_tags: CustomTag[]
  /** Lakegate's own addition. */
  effective_session_policy: Required<SessionPolicy>
  /** Lakegate's own addition. */
  effective_enable_logical_replication: boolean
  /** Lakegate's own addition: the port of `read_write_dns`; the vendor's API has no field for it. */
  read_write_port?: number
  /** Lakegate's own addition: where sessions share backends (docs/pooled-endpoint.md). */
  pooled_dns?: string
  pooled_port?: number
  /** Lakegate's own addition: what is wrong with the instance and what to do next. */
  status_message?: string
  attached?: AttachedClusterAnswer
}

/** Lakegate's own addition: a cluster that somebody else runs, as a caller names it. */
export interface AttachedClusterRequest {
  /** Its hosts, of which one is the primary; required when the instance is created. */
  hosts?: AttachedHostRequest[]
  /** The database in which Lakegate works; `postgres` when left out. */
  database?: string
  tls?: AttachedTlsRequest
  /** Required when the instance is created. */
  administration?: AttachedAdministrationRequest
  /** How sessions prove themselves to the cluster; required when the instance is created. */
  backend_authentication?: 'client_certificate' | 'scram'
  /** What happens to roles that have a password already; `refuse` when left out. */
  existing_passwords?: 'refuse' | 'replace'
}

/** A host of an attached cluster. */
export interface AttachedHostRequest {
  host: string
  /** 5432 when left out. */
  port?: number
}

/** How the certificate of an attached cluster is verified. */
export interface AttachedTlsRequest {
  /** `verify-full` when left out. */
  mode?: 'verify-full' | 'verify-ca'
  /** The certificate authority of the cluster; public authorities when left out. */
  ca_pem?: string
}

/** As whom Lakegate administers an attached cluster. */
export interface AttachedAdministrationRequest {
  user?: string
  /** Secret; it is never returned. */
  password?: string
}

/** The same in an answer; the password is not returned. */
export interface AttachedClusterAnswer {
  hosts: { host: string; port: number }[]
  database: string
  tls: { mode: 'verify-full' | 'verify-ca'; ca_pem?: string }
  administration: { user: string }
  backend_authentication: 'client_certificate' | 'scram'
  existing_passwords: 'refuse' | 'replace'
  /**
   * Where the bindings of roles are kept, once known; `table` until the bindings of an earlier version have been taken
   * over.
   */
  role_bindings?: 'shared_catalog' | 'system_database' | 'table'
  /** The certificate for `ssl_ca_file` of the cluster. */
  client_ca_pem?: string
}

/** A page of database instances. */
export interface ListDatabaseInstancesResponse {
  database_instances: DatabaseInstance[]
  next_page_token?: string
}

/** What a caller sends to get a database credential. */
export interface GenerateDatabaseCredentialRequest {
  /** Has no effect: every request gets a new token. */
  request_id?: string
  /** The instances at which the token is valid; none when left out. */
  instance_names?: string[]
  /** Tables that sessions with the credential may read in addition. */
  claims?: RequestedClaims[]
}

/** Tables that sessions with the credential may read in addition. */
export interface RequestedClaims {
  permission_set: 'READ_ONLY'
  /** The tables. */
  resources: RequestedTable[]
}

/** A table that a claim names. */
export interface RequestedTable {
  /** As `catalog.schema.table`. */
  table_name: string
}

/** Stands for all tables of one database in the names of claims. */
export interface DatabaseCatalog {
  name: string
  uid: string
  database_instance_name: string
  database_name: string
}

/** What a caller sends to register a database under the name of a catalog. */
export interface CreateDatabaseCatalogRequest {
  /** 1 to 63 letters, digits and underscores. */
  name: string
  database_instance_name: string
  database_name: string
  /** Creates the database when it is not there. */
  create_database_if_not_exists?: boolean
}

/** What a caller sends to change which database a catalog stands for. */
export interface UpdateDatabaseCatalogRequest {
  /** The name of the catalog, which cannot be changed. */
  name?: string
  database_instance_name?: string
  database_name?: string
}

/** A page of catalogs. */
export interface ListDatabaseCatalogsResponse {
  database_catalogs: DatabaseCatalog[]
  next_page_token?: string
}

/** One table that claims may name. */
export interface DatabaseTable {
  /** `catalog.schema.table`. */
  name: string
  database_instance_name: string
  logical_database_name: string
}

/** What a caller sends to register a table. */
export interface CreateDatabaseTableRequest {
  /** `catalog.schema.table`. */
  name: string
  /** That of the catalog when left out. */
  database_instance_name?: string
  /** That of the catalog when left out. */
  logical_database_name?: string
}

/** Lakegate's own addition: a page of the registered tables of an instance. */
export interface InstanceTablesAnswer {
  database_tables: DatabaseTable[]
  next_page_token?: string
}

/** Who may read a catalog, schema or table through claims. */
export interface PrivilegeAssignments {
  privilege_assignments: { principal: string; privileges: 'SELECT'[] }[]
}

/** What a caller sends to add and remove readers. */
export interface UpdateGrantsRequest {
  changes?: GrantChange[]
}

/** A change of what one principal may read. */
export interface GrantChange {
  /** User name, name of the group, or application id of the service principal. */
  principal: string
  add?: 'SELECT'[]
  remove?: 'SELECT'[]
}

/** A password for PostgreSQL that is valid for one hour. */
export interface DatabaseCredential {
  /** Secret. */
  token: string
  /**
   * RFC 3339, UTC.
   *
   * @format date-time
   */
  expiration_time: string
}

/** What a role may do in PostgreSQL beyond its grants. */
export interface DatabaseInstanceRoleAttributes {
  bypassrls: boolean
  createdb: boolean
  createrole: boolean
  /** Lakegate's own addition; left out of answers where it is false. */
  replication?: boolean
}

/** A role of a database instance, and whose it is. */
export interface DatabaseInstanceRole {
  name: string
  identity_type: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP' | 'PG_ONLY'
  /** Lakegate's own addition: the identity to which the role is bound, even if it no longer exists. */
  identity_id?: string
  membership_role?: 'DATABRICKS_SUPERUSER'
  attributes: DatabaseInstanceRoleAttributes
  effective_attributes: DatabaseInstanceRoleAttributes
  instance_name: string
}

/** What a caller sends to change a role. */
export interface UpdateDatabaseInstanceRoleRequest {
  /** The name of the role, which cannot be changed. */
  name?: string
  /** `PG_ONLY` for a role without an identity. */
  identity_type?: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP' | 'PG_ONLY'
  /** Null ends the membership. */
  membership_role?: 'DATABRICKS_SUPERUSER' | null
  attributes?: Partial<DatabaseInstanceRoleAttributes>
}

/** What a caller sends to create a role. */
export interface CreateDatabaseInstanceRoleRequest extends UpdateDatabaseInstanceRoleRequest {
  /** An e-mail address, the application id of a service principal, the name of a group; any name for `PG_ONLY`. */
  name: string
  /** Lakegate's own addition: an existing role that is to be bound to the identity (attached clusters). */
  existing_role?: string
}

/** A page of the roles of an instance. */
export interface ListDatabaseInstanceRolesResponse {
  database_instance_roles: DatabaseInstanceRole[]
  next_page_token?: string
}
