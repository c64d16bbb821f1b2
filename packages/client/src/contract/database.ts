/** REST types of `/api/2.0/database/*` (wire-contract §1). Names and optionality are the vendor's. */

export type DatabaseInstanceState =
  'STARTING' | 'AVAILABLE' | 'STOPPED' | 'UPDATING' | 'FAILING_OVER' | 'DELETING'

export interface CustomTag {
  key: string
  value: string
}

/** What a caller sends to create or update an instance. */
export interface DatabaseInstanceRequest {
  name?: string
  capacity?: 'CU_1' | 'CU_2' | 'CU_4' | 'CU_8'
  stopped?: boolean
  node_count?: number
  enable_readable_secondaries?: boolean
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

/** What the server answers; false booleans are present (behaviour 62). */
export interface DatabaseInstance extends Omit<DatabaseInstanceRequest, 'attached'> {
  name: string
  uid: string
  state: DatabaseInstanceState
  creator: string
  creation_time: string
  pg_version?: string
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
  hosts?: { host: string; port?: number }[]
  database?: string
  tls?: { mode?: 'verify-full' | 'verify-ca'; ca_pem?: string }
  administration?: { user?: string; password?: string }
  backend_authentication?: 'client_certificate' | 'scram'
  existing_passwords?: 'refuse' | 'replace'
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

export interface ListDatabaseInstancesResponse {
  database_instances: DatabaseInstance[]
  next_page_token?: string
}

export interface GenerateDatabaseCredentialRequest {
  request_id?: string
  instance_names?: string[]
  /** Tables that sessions with the credential may read in addition. */
  claims?: RequestedClaims[]
}

export interface RequestedClaims {
  permission_set: 'READ_ONLY'
  /** As `catalog.schema.table`. */
  resources: { table_name: string }[]
}

/** Stands for all tables of one database in the names of claims. */
export interface DatabaseCatalog {
  name: string
  uid: string
  database_instance_name: string
  database_name: string
}

export interface ListDatabaseCatalogsResponse {
  database_catalogs: DatabaseCatalog[]
  next_page_token?: string
}

export interface DatabaseTable {
  /** `catalog.schema.table`. */
  name: string
  database_instance_name: string
  logical_database_name: string
}

/** Lakegate's own addition: `GET /api/2.0/lakegate/instances/<name>/tables`. */
export interface InstanceTablesAnswer {
  database_tables: DatabaseTable[]
  next_page_token?: string
}

export interface PrivilegeAssignments {
  privilege_assignments: { principal: string; privileges: 'SELECT'[] }[]
}

export interface DatabaseCredential {
  token: string
  /** RFC 3339, UTC. */
  expiration_time: string
}

export interface DatabaseInstanceRoleAttributes {
  bypassrls: boolean
  createdb: boolean
  createrole: boolean
  /** Lakegate's own addition; left out of answers where it is false. */
  replication?: boolean
}

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

export interface ListDatabaseInstanceRolesResponse {
  database_instance_roles: DatabaseInstanceRole[]
  next_page_token?: string
}
