/**
 * The tables of the system database as kysely types; sql/system/*.sql is authoritative, and a test compares the two.
 * 64-bit ids are read and written as decimal strings.
 */
import type { ColumnType, Generated, Kysely, Transaction } from 'kysely'
import type { KeptValue } from '../domain/directory.ts'
import type { OpenSession } from '../domain/open-session.ts'
import type { AuditEntry } from '../operations/ports/audit.ts'
import type { SessionQuestion } from '../operations/ports/sessions.ts'

/** Written as ISO text or Date, read as Date. */
type Timestamp = ColumnType<Date, Date, Date>
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
/** jsonb is written as text, because node-postgres would convert an array to a PostgreSQL array. */
type Json<Value> = ColumnType<Value, string, string>

/** The JSON form: undefined fields are left out, times are ISO text. */
export type SentSession = {
  [Field in keyof OpenSession as undefined extends OpenSession[Field] ? never : Field]: Sent<
    OpenSession[Field]
  >
} & {
  [Field in keyof OpenSession as undefined extends OpenSession[Field] ? Field : never]?: Sent<
    Exclude<OpenSession[Field], undefined>
  >
}
type Sent<Value> = Value extends Date ? string : Value

export interface SystemSchema {
  catalog_entry: {
    uid: Generated<string>
    workspace_id: string
    kind: 'CATALOG' | 'TABLE'
    name: string
    instance_uid: string
    database_name: string
    creator_id: string | null
    created_at: Timestamp
  }
  read_grant: { entry_uid: string; securable: string; identity_id: string }
  claim_set: { id: string; workspace_id: string; table_names: string[]; last_minted_at: Timestamp }
  saved_query: {
    id: string
    workspace_id: string
    owner_id: string
    name: string
    sql: string
    instance_name: string | null
    database_name: string | null
    is_shared: boolean
    version: Generated<number>
    created_at: Timestamp
    updated_at: Timestamp
  }
  workspace_home: {
    workspace_id: string
    identity_id: string
    objects: Generated<number>
    bytes: ColumnType<string, number | undefined, number>
  }
  workspace_object: {
    id: Generated<string>
    workspace_id: string
    identity_id: string
    path: string
    parent: ColumnType<string, never, never>
    contents: ColumnType<Buffer | null, Uint8Array | null, Uint8Array>
    size: ColumnType<string, never, never>
    created_at: Timestamp
    modified_at: Timestamp
  }
  account: { id: string; created_at: Timestamp }
  workspace: {
    id: Generated<string>
    account_id: string
    name: string
    created_at: Timestamp
    host: Generated<string | null>
    deployment_name: Generated<string | null>
  }
  identity: {
    id: Generated<string>
    account_id: string
    type: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP'
    name: string
    display_name: string
    active: Generated<boolean>
    external_id: string | null
    created_at: Generated<Date>
    updated_at: Generated<Date>
    given_name: Generated<string | null>
    family_name: Generated<string | null>
    version: Generated<string>
    home_workspace_id: Generated<string | null>
    is_account_admin: Generated<boolean>
    system_group: Generated<'users' | 'admins' | null>
    system_group_of: Generated<string | null>
    name_canonical: Generated<string | null>
    name_skeleton: Generated<string | null>
    name_problem: Generated<string | null>
    roles: Generated<readonly KeptValue[]>
    entitlements: Generated<readonly KeptValue[]>
  }
  group_member: { group_id: string; group_type: Generated<'GROUP'>; member_id: string }
  workspace_assignment: { workspace_id: string; identity_id: string; permission: 'USER' | 'ADMIN' }
  service_principal_secret: {
    id: Generated<string>
    service_principal_id: string
    identity_type: Generated<'SERVICE_PRINCIPAL'>
    secret_hash: Bytes
    created_at: Timestamp
    expires_at: Timestamp
  }
  personal_access_token: {
    id: Generated<string>
    identity_id: string
    workspace_id: string
    token_hash: Bytes
    comment: string
    scopes: ColumnType<string[], unknown, unknown>
    created_by: string | null
    created_at: Timestamp
    expires_at: ColumnType<Date | null, Date | null, Date | null>
  }
  user_password: {
    user_id: string
    identity_type: Generated<'USER'>
    password_hash: string
    changed_at: Timestamp
  }
  sign_in_link: {
    token_hash: Bytes
    user_id: string
    identity_type: Generated<'USER'>
    created_at: Timestamp
    expires_at: Timestamp
  }
  sign_in_failure: { key_hash: Bytes; failures: number; since: Timestamp }
  oauth_record: {
    workspace_id: string
    kind: string
    id_hash: Bytes
    payload: Json<Record<string, unknown>>
    identity_id: string | null
    grant_id: string | null
    uid: string | null
    user_code_hash: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
    created_at: Timestamp
    expires_at: ColumnType<Date | null, Date | null, Date | null>
    consumed_at: ColumnType<Date | null, Date | null | undefined, Date | null>
    origin_hash: Buffer | null
  }
  console_session: {
    cookie_hash: Bytes
    workspace_id: string
    identity_id: string
    browser_session_uid: string
    signed_in_outside: boolean
    access_token_encrypted: Bytes
    access_token_expires_at: Timestamp
    refresh_token_encrypted: Bytes
    created_at: Timestamp
    used_at: Timestamp
  }
  federation_policy: {
    uid: string
    account_id: string
    service_principal_id: string | null
    policy_id: string
    description: string
    issuer: string
    audiences: string[]
    subject: string | null
    subject_claim: string
    jwks_uri: string | null
    jwks_json: ColumnType<Record<string, unknown> | null, string | null, string | null>
    created_at: Timestamp
    updated_at: Timestamp
  }
  oauth_client: {
    client_id: string
    integration_id: string
    account_id: string
    name: string
    secret_hash: ColumnType<Buffer | null, Uint8Array | null, Uint8Array | null>
    redirect_urls: string[]
    scopes: string[]
    access_token_ttl_minutes: number
    refresh_token_ttl_minutes: number
    single_use_refresh_tokens: boolean
    session_lifetime_minutes: number | null
    created_by: string
    created_at: Timestamp
  }
  signing_key: {
    kid: string
    public_jwk: Json<Record<string, unknown>>
    private_key_encrypted: Bytes
    created_at: Timestamp
    retired_at: ColumnType<Date | null, Date | null, Date | null>
  }
  certificate_authority: {
    id: number
    certificate_pem: string
    private_key_encrypted: Bytes
    created_at: Timestamp
  }
  installation: {
    id: number
    account_id: string
    workspace_id: string
    admin_id: string
    completed_at: ColumnType<Date | null, Date | null, Date | null>
  }
  database_instance: {
    uid: string
    workspace_id: string
    name: string
    creator_id: string
    creator_name: string
    created_at: Timestamp
    state: 'STARTING' | 'AVAILABLE' | 'STOPPED' | 'UPDATING' | 'FAILING_OVER' | 'DELETING'
    capacity: 'CU_1' | 'CU_2' | 'CU_4' | 'CU_8' | null
    stopped: boolean | null
    node_count: number | null
    enable_readable_secondaries: boolean | null
    enable_pg_native_login: boolean | null
    retention_window_in_days: number | null
    usage_policy_id: string | null
    custom_tags: ColumnType<{ key: string; value: string }[] | null, string | null, string | null>
    fault_code: string | null
    fault_message: string | null
    fault_next_step: string | null
    fault_since: ColumnType<Date | null, Date | null, Date | null>
    pg_major_version: number | null
    system_identifier: string | null
    socket_directory: string | null
    listener_host: string
    listener_port: number | null
    listener_own_port: number | null
    pooled_host: string | null
    pooled_port: number | null
    pooled_own_port: number | null
    session_policy: ColumnType<
      { endOnTokenExpiry: boolean; endOnMembershipLoss: boolean } | null,
      string | null,
      string | null
    >
    enable_logical_replication: boolean | null
    attached_cluster: ColumnType<unknown, string | null, string | null>
    attached_bindings: 'shared_catalog' | 'system_database' | 'table' | null
  }
  attached_cluster_password: {
    instance_uid: string
    password_encrypted: Bytes
  }
  managed_role_key: {
    instance_uid: string
    role_oid: string
    key_encrypted: Bytes
    applied: boolean
  }
  role_binding: {
    instance_uid: string
    role_oid: string
    role_name: string
    identity_id: string
    identity_type: 'USER' | 'SERVICE_PRINCIPAL' | 'GROUP'
    made_by_lakegate: boolean
  }
  gateway_process: { id: string; node: string; process_id: number; seen_at: Timestamp }
  session_question: { id: string; question: Json<SessionQuestion>; asked_at: Generated<Date> }
  session_answer: { question_id: string; gateway_id: string; sessions: Json<SentSession[]> }
  audit_record: {
    id: Generated<string>
    at: Timestamp
    event: string
    outcome: string
    reason: string | null
    workspace_id: string | null
    instance_uid: string | null
    identity_id: string | null
    entry: Json<AuditEntry>
  }
  database_instance_permission: {
    instance_uid: string
    identity_id: string
    level: 'CAN_USE' | 'CAN_MANAGE'
  }
}

/** The system database, or a transaction in it. */
export type SystemQueries = Kysely<SystemSchema>
export type SystemTransaction = Transaction<SystemSchema>
