/**
 * What the web console asks beyond the API of the real service: the session of a browser, what the caller may do, the dry
 * run of a login, metrics over time, and the hints that a page is out of date.
 */

/** `GET /console/api/session`. */
export interface ConsoleSessionAnswer {
  person: { id: string; name: string; display_name: string; type: 'USER' | 'SERVICE_PRINCIPAL' }
  account_id: string
  workspace: { id: string; name: string; url: string }
  /** All that the person is assigned to, this one among them; each lives at a host of its own. */
  workspaces: { id: string; name: string; url: string }[]
  is_workspace_admin: boolean
  is_account_admin: boolean
  /** Sent back as `X-Lakegate-Csrf` with everything that is not a GET, and in the first frame of a WebSocket. */
  csrf: string
  /** When the session ends however it is used. */
  end_time: string
  /** When it ends if it is not used. */
  idle_end_time: string
  /** Of the running server. */
  version: string
  /** Of the console that the server holds; another one than the loaded page's means that a new version is here. */
  build: string
  /** The browser in which this runs, among the sessions of the person (`SignInSessionAnswer`). */
  browser_id: string
  /** Display name of an outside provider through which the person signed in. */
  sign_in_provider?: string
}

/** Things that can be done with an instance, by the names under which the console asks for them. */
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

/** `GET /api/2.0/lakegate/instances/<name>/rights`. Whoever is in the workspace may ask about itself. */
export interface InstanceRightsAnswer {
  database_instance_name: string
  level: 'NONE' | 'CAN_USE' | 'CAN_MANAGE'
  is_owner: boolean
  /** Name of the owner, whom to ask for more. */
  owner: string
  actions: InstanceAction[]
}

export type WorkspaceAction =
  | 'create_instance'
  | 'attach_instance'
  | 'see_audit'
  | 'manage_identities'
  | 'see_identities'
  | 'manage_account'

/** `GET /api/2.0/lakegate/rights`. */
export interface WorkspaceRightsAnswer {
  actions: WorkspaceAction[]
  instances: { used: number; allowed: number }
}

export interface PathStep {
  id: string
  name: string
}

export interface SignInRole {
  role: string
  /** `own`: the identity's own role; `group`: of a group that the identity is in. */
  kind: 'own' | 'group'
  /** From the group of the role down to the identity; only the identity for `own`. */
  path: PathStep[]
}

/** `GET /api/2.0/lakegate/instances/<name>/sign-in-roles`: the roles as which the caller could log in now. */
export interface SignInRolesAnswer {
  roles: SignInRole[]
  /** Not all roles were looked at. */
  has_more?: true
}

/** `POST /api/2.0/lakegate/instances/<name>/login-check`. */
export interface LoginCheckRequest {
  /** Name or id; the caller when it is left out. */
  identity?: string
  role: string
  database?: string
}

export interface LoginCheckStep {
  /** One question of the login policy, in its order. */
  question: string
  outcome: 'yes' | 'no' | 'not_reached'
  /** The answer as a sentence. */
  text: string
}

export interface RefusalAnswer {
  /** As docs/refusals.md lists it. */
  name: string
  sqlstate: string
  message: string
  detail?: string
  hint?: string
}

export interface LoginCheckAnswer {
  outcome: 'admitted' | 'refused'
  /** Only the name, as it was asked for, of one that there is not, or that the caller may not see. */
  identity: { id?: string; name: string; type?: 'USER' | 'SERVICE_PRINCIPAL' }
  role: string
  path: PathStep[]
  steps: LoginCheckStep[]
  refusal?: RefusalAnswer
}

/** A refusal as the table of the server has it; `{name}` in a text stands for what differs from case to case. */
export interface RefusalExplanation {
  name: string
  /** As a PostgreSQL client reads it; absent where none does. */
  sqlstate?: string
  message?: string
  detail?: string
  hint?: string
  /** As a client of the REST API reads it; absent where none does. */
  http_status?: number
  error_code?: string
  http_message?: string
  /** Of those that a login can meet. */
  meaning?: string
  who_can_change?: string
  steps?: string[]
}

/** `GET /api/2.0/lakegate/refusals`: every «no» of the server, for help pages. */
export interface RefusalsAnswer {
  refusals: RefusalExplanation[]
}

/** `GET /api/2.0/lakegate/instances/<name>/metrics?since=<ISO time>&points=<at most so many, up to 1500>`. */
export interface InstanceMetricsAnswer {
  /** Of a point: ten seconds, or a multiple, when there would be more points otherwise. */
  interval_seconds: number
  /** Since when this server has collected. */
  collected_since: string
  /** Sessions that the instance takes at once at each gateway, those at the pooled endpoint not counted. */
  session_limit: number
  /** Those at the pooled endpoint, where there is one. */
  pooled_session_limit?: number
  /** Gateways that did not answer in time for the last point. */
  silent_gateways: number
  points: InstanceMetricsPoint[]
}

/** What is counted is of the whole interval; what is measured is the largest that was seen in it. */
export interface InstanceMetricsPoint {
  /** When the interval begins. */
  time: string
  open_sessions: number
  /** Of the open sessions, those at the pooled endpoint. */
  pooled_sessions: number
  logins_admitted: number
  /** By name of the refusal; those that did not happen are left out. */
  logins_refused: Record<string, number>
  /** Absent where nobody logged in. */
  login_milliseconds_p50?: number
  login_milliseconds_p99?: number
  bytes_from_client: number
  bytes_to_client: number
  pooled_backends_in_use: number
  pooled_clients_waiting: number
}

/** `GET /api/2.0/lakegate/instances/<name>/databases`. */
export interface InstanceDatabasesAnswer {
  databases: { name: string }[]
  /** These are not all. */
  has_more?: true
}

/** `GET /api/2.0/lakegate/certificate-authority`: for `sslrootcert` of clients. */
export interface CertificateAuthorityAnswer {
  certificate_pem: string
}

/**
 * `GET /console/api/events` (server-sent events): hints by which the page asks again; they carry no data of their own. After
 * `resync` everything may be out of date: hints were missed.
 */
export type ConsoleEvent =
  | { event: 'resync'; data: Record<string, never> }
  | { event: 'instance'; data: { name: string } }
  | { event: 'sessions'; data: { instance: string } }
  | { event: 'audit'; data: Record<string, never> }
  | { event: 'session_over'; data: Record<string, never> }
  | { event: 'version'; data: { version: string; build: string } }
