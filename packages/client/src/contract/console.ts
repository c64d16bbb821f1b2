/**
 * What the web console requests beyond the API of the real service: the session of a browser, what the caller may do,
 * the check of a login, metrics over time, and the hints that a page is out of date.
 */

/** `GET /console/api/session`. */
export interface ConsoleSessionAnswer {
  person: { id: string; name: string; display_name: string; type: 'USER' | 'SERVICE_PRINCIPAL' }
  account_id: string
  workspace: { id: string; name: string; url: string }
  /** All workspaces to which the person is assigned, including this one; each has a host of its own. */
  workspaces: { id: string; name: string; url: string }[]
  is_workspace_admin: boolean
  is_account_admin: boolean
  /** Sent back as `X-Lakegate-Csrf` with every request other than GET, and in the first frame of a WebSocket. */
  csrf: string
  /** When the session ends at the latest. */
  end_time: string
  /** When it ends if it is not used. */
  idle_end_time: string
  /** Version of the running server. */
  version: string
  /**
   * Id of the console build that the server serves; if it differs from that of the loaded page, there is a new version.
   */
  build: string
  /** The browser in which this page runs, among the sessions of the person (`SignInSessionAnswer`). */
  browser_id: string
  /** Display name of the outside provider through which the person signed in, if any. */
  sign_in_provider?: string
}

/** What can be done with an instance, by the names under which the console asks for permission. */
export type InstanceAction =
  | 'see'
  | 'mint_credential'
  | 'update'
  | 'start_or_stop'
  | 'delete'
  | 'see_roles'
  | 'create_own_role'
  | 'create_role'
  | 'change_role'
  | 'drop_role'
  | 'see_permissions'
  | 'change_permissions'
  | 'see_sessions'
  | 'end_sessions'
  | 'see_metrics'
  | 'manage_catalogs'
  | 'check_own_login'
  | 'check_any_login'

/** What the caller may do with an instance. Everybody in the workspace may ask about themselves. */
export interface InstanceRightsAnswer {
  database_instance_name: string
  level: 'NONE' | 'CAN_USE' | 'CAN_MANAGE'
  is_owner: boolean
  /** Name of the owner, who can grant more. */
  owner: string
  actions: InstanceAction[]
}

/** What can be done in a workspace. */
export type WorkspaceAction =
  | 'create_instance'
  | 'attach_instance'
  | 'see_audit'
  | 'manage_identities'
  | 'see_identities'
  | 'manage_account'

/** What the caller may do in the workspace. */
export interface WorkspaceRightsAnswer {
  actions: WorkspaceAction[]
  instances: { used: number; allowed: number }
}

/** An identity on the way from a group to one of its members. */
export interface PathStep {
  id: string
  name: string
}

/** A role as which the caller could log in. */
export interface SignInRole {
  role: string
  /** `own`: the identity's own role; `group`: the role of a group that contains the identity. */
  kind: 'own' | 'group'
  /** From the group of the role down to the identity; for `own` only the identity. */
  path: PathStep[]
}

/** The roles as which the caller could log in now. */
export interface SignInRolesAnswer {
  roles: SignInRole[]
  /** Only a part of the roles was checked. */
  has_more?: true
}

/** Which login is to be checked. */
export interface LoginCheckRequest {
  /** Name or id; when left out, the caller. */
  identity?: string
  role: string
  database?: string
}

/** A question of the login policy, and its answer. */
export interface LoginCheckStep {
  /** One step of the login policy, in its order. */
  question: string
  outcome: 'yes' | 'no' | 'not_reached'
  /** The answer as a sentence. */
  text: string
}

/** A refusal as a PostgreSQL client reads it. */
export interface RefusalAnswer {
  /** As in docs/refusals.md. */
  name: string
  sqlstate: string
  message: string
  detail?: string
  hint?: string
}

/** What would become of a login. */
export interface LoginCheckAnswer {
  outcome: 'admitted' | 'refused'
  /** Only the name as it was given, if there is no such identity or the caller may not see it. */
  identity: { id?: string; name: string; type?: 'USER' | 'SERVICE_PRINCIPAL' }
  role: string
  path: PathStep[]
  steps: LoginCheckStep[]
  refusal?: RefusalAnswer
}

/** A refusal as in the server's table; `{name}` in a text stands for a part that varies. */
export interface RefusalExplanation {
  name: string
  /** As a PostgreSQL client reads it; absent when none can get this refusal. */
  sqlstate?: string
  message?: string
  detail?: string
  hint?: string
  /** As a client of the REST API reads it; absent when none can get this refusal. */
  http_status?: number
  error_code?: string
  http_message?: string
  /** Only for refusals that a login can get. */
  meaning?: string
  who_can_change?: string
  steps?: string[]
}

/** All refusals of the server, for help pages. */
export interface RefusalsAnswer {
  refusals: RefusalExplanation[]
}

/** How an instance was used over time. */
export interface InstanceMetricsAnswer {
  /**
   * Length of the interval of a point: ten seconds, or a multiple if there would otherwise be more points than asked
   * for.
   */
  interval_seconds: number
  /**
   * The time at which this server began to collect.
   *
   * @format date-time
   */
  collected_since: string
  /** How many direct sessions the instance accepts at each gateway; pooled sessions are not counted. */
  session_limit: number
  /** How many pooled sessions it accepts, where there is a pooled endpoint. */
  pooled_session_limit?: number
  /** Gateways whose report for the last point did not arrive in time. */
  silent_gateways: number
  points: InstanceMetricsPoint[]
}

/** Counts cover the whole interval; measured values are the largest seen in it. */
export interface InstanceMetricsPoint {
  /**
   * Beginning of the interval.
   *
   * @format date-time
   */
  time: string
  open_sessions: number
  /** Of the open sessions, those at the pooled endpoint. */
  pooled_sessions: number
  logins_admitted: number
  /** By name of the refusal; refusals that did not occur are left out. */
  logins_refused: Record<string, number>
  /** Absent where nobody logged in. */
  login_milliseconds_p50?: number
  login_milliseconds_p99?: number
  bytes_from_client: number
  bytes_to_client: number
  pooled_backends_in_use: number
  pooled_clients_waiting: number
}

/** The databases of an instance. */
export interface InstanceDatabasesAnswer {
  databases: { name: string }[]
  /** The list is not complete. */
  has_more?: true
}

/** The certificate with which clients verify the server, for `sslrootcert`. */
export interface CertificateAuthorityAnswer {
  certificate_pem: string
  /**
   * False where the operator gave gateways certificates of another authority (`tls-certificate-file`), which clients verify by
   * the authorities of their machine.
   */
  signs_gateway_certificates: boolean
}

/**
 * `GET /console/api/events` (server-sent events): hints that something must be read again; they contain no data. After
 * `resync` hints were missed, so everything may be out of date.
 */
export type ConsoleEvent =
  | { event: 'resync'; data: Record<string, never> }
  | { event: 'instance'; data: { name: string } }
  | { event: 'sessions'; data: { instance: string } }
  | { event: 'audit'; data: Record<string, never> }
  | { event: 'session_over'; data: Record<string, never> }
  | { event: 'version'; data: { version: string; build: string } }
