/** All services of the REST API, by the names under which the client has them: those of the Databricks SDKs, where these have them. */
import type {
  AccountFederationPolicyService,
  CustomAppIntegrationService,
  ServicePrincipalFederationPolicyService,
  ServicePrincipalSecretsProxyService,
  ServicePrincipalSecretsService,
  TokenManagementService,
  TokensService,
} from './credentials.ts'
import type { DatabaseService, GrantsService, PermissionsService } from './database.ts'
import type {
  AccountCurrentUserService,
  AccountGroupsService,
  AccountServicePrincipalsService,
  AccountUsersService,
  CurrentUserService,
  GroupsService,
  ScimService,
  ServicePrincipalsService,
  UsersService,
} from './directory.ts'
import type {
  AuditService,
  DiscoveryService,
  IdentitiesService,
  InstallationService,
  InstancesService,
  SessionsService,
  SignInService,
} from './lakegate.ts'
import type {
  SavedQueriesService,
  WorkspaceAssignmentService,
  WorkspacesService,
  WorkspaceService,
} from './workspaces.ts'

/** Every service with its operations. */
export interface Services {
  /** Database instances, their roles, catalogs and tables, and credentials. */
  database: DatabaseService
  /** Who may use and who may manage a database instance. */
  permissions: PermissionsService
  /** Who may read catalogs, schemas and tables through the claims of a credential. */
  grants: GrantsService
  /** The caller. */
  currentUser: CurrentUserService
  /** The people of the workspace. */
  users: UsersService
  /** The groups of the workspace. */
  groups: GroupsService
  /** The programs of the workspace. */
  servicePrincipals: ServicePrincipalsService
  /** OAuth secrets of the service principals of the workspace. */
  servicePrincipalSecretsProxy: ServicePrincipalSecretsProxyService
  /** The caller's own personal access tokens. */
  tokens: TokensService
  /** All personal access tokens of the workspace, for its administrators. */
  tokenManagement: TokenManagementService
  /** Files and directories of the workspace, as bundles of the Databricks CLI use them. */
  workspace: WorkspaceService
  /** What an identity provider reads before it provisions. */
  scim: ScimService
  /** The workspaces of the account; each has a host of its own. */
  workspaces: WorkspacesService
  /** Who is assigned to a workspace. */
  workspaceAssignment: WorkspaceAssignmentService
  /** The caller, with its groups of the whole account. */
  accountCurrentUser: AccountCurrentUserService
  /** The people of the account. */
  accountUsers: AccountUsersService
  /** The groups of the account. */
  accountGroups: AccountGroupsService
  /** The programs of the account. */
  accountServicePrincipals: AccountServicePrincipalsService
  /** OAuth secrets of the service principals of the account. */
  servicePrincipalSecrets: ServicePrincipalSecretsService
  /** Whose tokens sign in users of the account. */
  accountFederationPolicy: AccountFederationPolicyService
  /** Whose tokens sign in one service principal, such as those of a CI job. */
  servicePrincipalFederationPolicy: ServicePrincipalFederationPolicyService
  /** OAuth applications with which people sign in. */
  customAppIntegration: CustomAppIntegrationService
  /** What a database instance holds, how it is used, and who could log in. */
  instances: InstancesService
  /** Open sessions of PostgreSQL. */
  sessions: SessionsService
  /** What the caller may do with an identity. */
  identities: IdentitiesService
  /** How users sign in with a browser. */
  signIn: SignInService
  /** Who did what, and which logins were refused. */
  audit: AuditService
  /** SQL that people keep, and may share with the workspace. */
  savedQueries: SavedQueriesService
  /** What concerns the whole Lakegate. */
  installation: InstallationService
  /** What anybody may ask, without a token. */
  discovery: DiscoveryService
}
