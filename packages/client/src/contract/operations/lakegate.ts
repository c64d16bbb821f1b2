/** What Lakegate has beyond the API of the real service: `/api/2.0/lakegate/*`, and what anybody may ask. */
import type { AuditAnswer, AuditQuery } from '../audit.ts'
import type {
  CertificateAuthorityAnswer,
  InstanceDatabasesAnswer,
  InstanceMetricsAnswer,
  InstanceRightsAnswer,
  LoginCheckAnswer,
  LoginCheckRequest,
  RefusalsAnswer,
  SignInRolesAnswer,
  WorkspaceRightsAnswer,
} from '../console.ts'
import type { InstanceTablesAnswer } from '../database.ts'
import type { HealthAnswer, HostMetadata } from '../discovery.ts'
import type { IdentityRightsAnswer } from '../identity-rights.ts'
import type { SigningKeyRotationAnswer } from '../keys.ts'
import type { OpenSessionsAnswer } from '../sessions.ts'
import type { SignInLinkAnswer, SignInSessionsAnswer } from '../sign-in.ts'
import type { EmptyAnswer, OfAccount, PageQuery } from './operation.ts'

/** The parameter of what is known about one database instance. */
interface AboutInstance {
  /** Name of the database instance. */
  instance_name: string
}

/** `instances`: what a database instance holds, how it is used, and who could log in. */
export interface InstancesService {
  /** Lists the databases of an instance. */
  listDatabases: {
    method: 'GET'
    path: '/api/2.0/lakegate/instances/{instance_name}/databases'
    scope: 'postgres'
    parameters: AboutInstance
    answer: InstanceDatabasesAnswer
  }
  /** Lists the tables of an instance that are registered for claims. */
  listTables: {
    method: 'GET'
    path: '/api/2.0/lakegate/instances/{instance_name}/tables'
    scope: 'postgres'
    parameters: AboutInstance
    query: PageQuery
    answer: InstanceTablesAnswer
    items: 'database_tables'
  }
  /** Reads how an instance was used over time: sessions, logins, bytes. */
  getMetrics: {
    method: 'GET'
    path: '/api/2.0/lakegate/instances/{instance_name}/metrics'
    scope: 'postgres'
    parameters: AboutInstance
    query: {
      /**
       * The earliest time of interest.
       *
       * @format date-time
       */
      since?: string
      /**
       * At most so many points; intervals become longer to have fewer.
       *
       * @minimum 2
       * @maximum 1500
       */
      points?: number
    }
    answer: InstanceMetricsAnswer
  }
  /** Tells what the caller may do with an instance. */
  getRights: {
    method: 'GET'
    path: '/api/2.0/lakegate/instances/{instance_name}/rights'
    scope: 'postgres'
    parameters: AboutInstance
    answer: InstanceRightsAnswer
  }
  /** Lists the roles as which the caller could log in now. */
  listSignInRoles: {
    method: 'GET'
    path: '/api/2.0/lakegate/instances/{instance_name}/sign-in-roles'
    scope: 'postgres'
    parameters: AboutInstance
    answer: SignInRolesAnswer
  }
  /** Tells whether a login would be admitted, step by step, and which error it would get. */
  checkLogin: {
    method: 'POST'
    path: '/api/2.0/lakegate/instances/{instance_name}/login-check'
    scope: 'postgres'
    parameters: AboutInstance
    body: LoginCheckRequest
    answer: LoginCheckAnswer
  }
}

/** The parameter of what belongs to one identity. */
interface AboutIdentity {
  /** The SCIM id of the user, service principal or group. */
  identity_id: string
}

/** `sessions`: open sessions of PostgreSQL. */
export interface SessionsService {
  /** Lists the open sessions of an instance. */
  listOfInstance: {
    method: 'GET'
    path: '/api/2.0/lakegate/instances/{instance_name}/sessions'
    scope: 'postgres'
    parameters: AboutInstance
    answer: OpenSessionsAnswer
  }
  /** Ends one session of an instance. */
  endOfInstance: {
    method: 'DELETE'
    path: '/api/2.0/lakegate/instances/{instance_name}/sessions/{session_id}'
    scope: 'postgres'
    parameters: AboutInstance & {
      /** Id of the session. */
      session_id: string
    }
    answer: OpenSessionsAnswer
  }
  /** Lists the open sessions of an identity in all instances. */
  listOfIdentity: {
    method: 'GET'
    path: '/api/2.0/lakegate/identities/{identity_id}/sessions'
    scope: 'all-apis'
    parameters: AboutIdentity
    answer: OpenSessionsAnswer
  }
  /** Ends all open sessions of an identity. */
  endOfIdentity: {
    method: 'DELETE'
    path: '/api/2.0/lakegate/identities/{identity_id}/sessions'
    scope: 'all-apis'
    parameters: AboutIdentity
    answer: OpenSessionsAnswer
  }
}

/** `identities`: what the caller may do with an identity. */
export interface IdentitiesService {
  /** Tells what the caller may do with an identity of the workspace. */
  getRights: {
    method: 'GET'
    path: '/api/2.0/lakegate/identities/{identity_id}/rights'
    scope: 'all-apis'
    parameters: AboutIdentity
    answer: IdentityRightsAnswer
  }
}

/** The parameter of how one user signs in. */
interface OfUser {
  /** The SCIM id of the user. */
  user_id: string
}

/** `signIn`: how users sign in with a browser. */
export interface SignInService {
  /** Creates a link with which a user sets the password, once. */
  createLink: {
    method: 'POST'
    path: '/api/2.0/lakegate/users/{user_id}/sign-in-link'
    scope: 'all-apis'
    parameters: OfUser
    body?: EmptyAnswer
    answer: SignInLinkAnswer
  }
  /** Lists the browsers and applications in which a user is signed in. */
  listSessions: {
    method: 'GET'
    path: '/api/2.0/lakegate/users/{user_id}/sessions'
    scope: 'all-apis'
    parameters: OfUser
    answer: SignInSessionsAnswer
  }
  /** Signs a user out of one browser or application. */
  endSession: {
    method: 'DELETE'
    path: '/api/2.0/lakegate/users/{user_id}/sessions/{session_id}'
    scope: 'all-apis'
    parameters: OfUser & {
      /** Id of the session. */
      session_id: string
    }
    answer: EmptyAnswer
  }
}

/** `audit`: who did what, and which logins were refused. */
export interface AuditService {
  /** Reads the audit of the workspace, newest first. */
  list: {
    method: 'GET'
    path: '/api/2.0/lakegate/audit'
    scope: 'all-apis'
    query: AuditQuery
    answer: AuditAnswer
    items: 'records'
  }
  /** Reads the audit of the whole account, newest first. */
  listOfAccount: {
    method: 'GET'
    path: '/api/2.0/accounts/{account_id}/lakegate/audit'
    scope: 'all-apis'
    parameters: OfAccount
    query: AuditQuery
    answer: AuditAnswer
    items: 'records'
  }
}

/** `installation`: what concerns the whole Lakegate. */
export interface InstallationService {
  /** Tells what the caller may do in the workspace. */
  getRights: {
    method: 'GET'
    path: '/api/2.0/lakegate/rights'
    scope: 'postgres'
    answer: WorkspaceRightsAnswer
  }
  /** Lists everything that can be refused, with its meaning and next steps. */
  listRefusals: {
    method: 'GET'
    path: '/api/2.0/lakegate/refusals'
    scope: 'postgres'
    answer: RefusalsAnswer
  }
  /** Reads the certificate with which clients verify the server, for `sslrootcert`. */
  getCertificateAuthority: {
    method: 'GET'
    path: '/api/2.0/lakegate/certificate-authority'
    scope: 'postgres'
    answer: CertificateAuthorityAnswer
  }
  /** Rotates the keys that sign tokens; tokens that exist stay valid until they expire. */
  rotateSigningKeys: {
    method: 'POST'
    path: '/api/2.0/accounts/{account_id}/lakegate/signing-keys'
    scope: 'all-apis'
    parameters: OfAccount
    body?: EmptyAnswer
    answer: SigningKeyRotationAnswer
  }
}

/** `discovery`: what anybody may ask, without a token. */
export interface DiscoveryService {
  /** Tells where the OAuth server is, and which account and workspace this host is. */
  getHostMetadata: {
    method: 'GET'
    path: '/.well-known/databricks-config'
    scope: 'none'
    answer: HostMetadata
  }
  /** Tells that the server is alive. */
  getHealth: {
    method: 'GET'
    path: '/healthz'
    scope: 'none'
    answer: HealthAnswer
  }
  /** Tells whether the server can do its work; 503 when it cannot. */
  getReadiness: {
    method: 'GET'
    path: '/readyz'
    scope: 'none'
    answer: HealthAnswer
  }
}
