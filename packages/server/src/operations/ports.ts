/**
 * What the operations need of the world, as small interfaces that the adapters implement. An operation takes
 * only the ports it uses. Every method may throw a `Fault`; none returns a half answer.
 */
import type { webcrypto } from 'node:crypto'
import type { AttachedCluster } from '../domain/attached-cluster.ts'
import type {
  DatabaseInstance,
  InstanceFault,
  InstanceListener,
  InstanceSettings,
  InstanceState,
} from '../domain/database-instance.ts'
import type {
  DirectoryScope,
  FilterAttribute,
  IdentityChange,
  IdentityFilter,
  IdentityRecord,
  IdentityReference,
} from '../domain/directory.ts'
import type { FederationPolicy } from '../domain/federation-policy.ts'
import type { IdentityBinding } from '../domain/identity-binding.ts'
import type { Identity, IdentityType, Principal } from '../domain/identity.ts'
import type { AccountId, IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'
import type { RoleFacts } from '../domain/role.ts'
import type { Redacted } from '../domain/redacted.ts'
import type { Workspace, WorkspacePermission } from '../domain/workspace.ts'
import type { GroupFacts, PrincipalFacts } from '../policy/login.ts'
import type { InstancePermissionLevel } from '../policy/permissions.ts'
import type { NewAttachment } from './attached-ports.ts'

export type Clock = () => Date

/** A key that signs, with the id under which its public half is published (RFC 7517 §4.5). */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: webcrypto.CryptoKey
}

/** Keys by `kid`: the current one signs, all of them verify until the last token they signed is dead. */
export interface TokenKeys {
  signingKey(): Promise<SigningKey>
  /** Undefined for an unknown `kid`. Never fetches anything that a token names. */
  verificationKey(kid: string): Promise<webcrypto.CryptoKey | undefined>
}

/** One query on the system database, at every login: nothing here may be remembered (DESIGN §5). */
export interface LoginDirectory {
  loadLoginIdentity(question: {
    readonly identityId: IdentityId
    readonly workspaceId: WorkspaceId
    /** The group that the role is bound to, if any. */
    readonly groupId: IdentityId | undefined
  }): Promise<{ readonly identity: PrincipalFacts | undefined; readonly group: GroupFacts | undefined }>
}

/** Reading one instance by its immutable id, fresh at every call. */
export interface InstanceLookup {
  loadInstance(uid: InstanceUid): Promise<DatabaseInstance | undefined>
}

/** The roles inside a running instance, over its standing administrative connection. */
export interface InstanceRoles {
  /** One query (DESIGN §6.3); undefined when there is no such role. */
  loadRoleFacts(instance: DatabaseInstance, roleName: string): Promise<RoleFacts | undefined>
  /** Whether any role of the instance is bound to one of these identities. */
  hasRoleBoundTo(instance: DatabaseInstance, identityIds: readonly IdentityId[]): Promise<boolean>
}

/** A role of an instance as REST shows it. */
export interface InstanceRole {
  readonly name: string
  /** Undefined for a role that only PostgreSQL knows. */
  readonly binding: IdentityBinding | undefined
  readonly attributes: {
    readonly createdb: boolean
    readonly createrole: boolean
    readonly bypassrls: boolean
  }
  readonly isDatabricksSuperuser: boolean
}

export interface RoleChange {
  readonly attributes: Partial<InstanceRole['attributes']>
  readonly isDatabricksSuperuser?: boolean
}

/** Roles of a running instance, made and changed on behalf of REST; system roles and superusers are not among them. */
export interface InstanceRoleAdministration {
  /** Ordered by name, beginning behind `after`. */
  listRoles(
    instance: DatabaseInstance,
    page: { readonly after: string | undefined; readonly size: number },
  ): Promise<readonly InstanceRole[]>
  loadRole(instance: DatabaseInstance, name: string): Promise<InstanceRole | undefined>
  createRole(
    instance: DatabaseInstance,
    role: Pick<InstanceRole, 'name' | 'binding' | 'isDatabricksSuperuser'> & Pick<RoleChange, 'attributes'>,
  ): Promise<InstanceRole | 'name_taken'>
  /** Binds a role that somebody else made; undefined when there is none that may be bound. */
  bindExistingRole(
    instance: DatabaseInstance,
    name: string,
    binding: IdentityBinding,
  ): Promise<InstanceRole | 'already_bound' | undefined>
  updateRole(instance: DatabaseInstance, name: string, change: RoleChange): Promise<InstanceRole | undefined>
  /** With an heir, whatever the role owns in any database becomes the heir's, and its privileges go. */
  dropRole(
    instance: DatabaseInstance,
    name: string,
    options: { readonly reassignOwnedTo: string | undefined },
  ): Promise<'dropped' | 'not_found' | 'heir_not_found' | { readonly inUse: string }>
}

export interface AuditLog {
  record(entry: AuditEntry): void
}

/** One record per login, refusal or minting. Carries ids and names, never a token (behaviour 74). */
export interface AuditEntry {
  readonly event:
    | 'login'
    | 'mint_database_credential'
    | 'create_role'
    | 'change_role'
    | 'client_credentials'
    | 'sign_in'
    | 'set_password'
    | 'token_exchange'
    | 'register_table'
    | 'change_readers'
    | 'end_session'
  readonly outcome: 'admitted' | 'refused' | 'failed'
  readonly reason?: string
  readonly detail?: string
  readonly identityId?: string
  readonly identityName?: string
  readonly role?: string
  /** What a login was asked for. */
  readonly proof?: 'token' | 'password_of_role'
  /** From the group down to the identity: ids, and the names that they had at this moment. */
  readonly viaGroupPath?: readonly string[]
  readonly viaGroupNames?: readonly string[]
  readonly instanceUid?: string
  readonly instanceName?: string
  readonly workspaceId?: string
  readonly tokenId?: string
  readonly clientAddress?: string
  readonly database?: string
  /** Who ended somebody else's session. */
  readonly endedById?: string
  readonly endedByName?: string
}

/** Instances as the REST API works with them. */
export interface InstanceStore extends InstanceLookup {
  findByName(workspaceId: WorkspaceId, name: string): Promise<DatabaseInstance | undefined>
  /** Ordered by creation and uid, beginning behind `after`, which need not exist any more. */
  listPage(
    workspaceId: WorkspaceId,
    page: {
      readonly after: { readonly createdAt: Date; readonly uid: InstanceUid } | undefined
      readonly size: number
    },
  ): Promise<readonly DatabaseInstance[]>
  /** Every live instance of the installation, for the supervisor. */
  listAll(): Promise<readonly DatabaseInstance[]>
  /** Counts the instances of the workspace and inserts in one transaction; creations of one workspace queue up. */
  insert(
    instance: NewDatabaseInstance,
    options: { readonly atMost: number },
  ): Promise<DatabaseInstance | 'name_taken' | 'limit_reached'>
  /**
   * Changes settings and state in one statement, so that nobody sees one without the other, and only if both
   * are still as observed, so that no change overrules another unseen. Undefined when they are not, or the row is gone.
   */
  updateSettings(
    observed: DatabaseInstance,
    change: { readonly settings: InstanceSettings; readonly state: InstanceState },
  ): Promise<DatabaseInstance | undefined>
  /** Changes the state, only if settings and state are still as observed; undefined when not, or the row is gone. */
  updateState(observed: DatabaseInstance, state: InstanceState): Promise<DatabaseInstance | undefined>
  /** As `updateSettings`, for what is known of an attached cluster; an undefined password stays as it is. */
  updateAttachedCluster(
    observed: DatabaseInstance,
    change: {
      readonly cluster: AttachedCluster
      readonly encryptedPassword: Uint8Array | undefined
      readonly state: InstanceState
    },
  ): Promise<DatabaseInstance | undefined>
  recordFault(uid: InstanceUid, fault: InstanceFault | undefined): Promise<void>
  recordCluster(uid: InstanceUid, cluster: StartedCluster): Promise<void>
  recordListener(uid: InstanceUid, listener: InstanceListener): Promise<void>
  /** Undefined when there is none any more. */
  recordPooledListener(uid: InstanceUid, listener: InstanceListener | undefined): Promise<void>
  /** The name is free again afterwards; the uid is never used again. */
  remove(uid: InstanceUid): Promise<void>
  /** The strongest level granted to any of these identities on the instance. */
  loadPermission(
    uid: InstanceUid,
    identityIds: readonly IdentityId[],
  ): Promise<InstancePermissionLevel | undefined>
  /** What was granted, ordered by identity. */
  listPermissions(uid: InstanceUid): Promise<readonly InstanceGrant[]>
  /** In one transaction; with `keepOthers`, identities that are not named keep what they have. */
  replacePermissions(
    uid: InstanceUid,
    grants: readonly { readonly identityId: IdentityId; readonly level: InstancePermissionLevel }[],
    options: { readonly keepOthers: boolean },
  ): Promise<void>
}

export interface InstanceGrant {
  readonly identity: Identity
  readonly level: InstancePermissionLevel
}

export interface NewDatabaseInstance {
  readonly uid: InstanceUid
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly settings: InstanceSettings
  readonly state: InstanceState
  readonly creatorId: IdentityId
  readonly creatorName: string
  readonly createdAt: Date
  readonly listener: InstanceListener
  /** Undefined: an embedded one. */
  readonly attached?: NewAttachment | undefined
}

/** What is known of a cluster once it runs. */
export type StartedCluster = Pick<DatabaseInstance, 'backend'> & {
  readonly systemIdentifier: string
  readonly pgMajorVersion: number
}

/** A running PostgreSQL cluster and what it is made of. Every method can be repeated after a crash at any point. */
export interface InstanceDriver {
  /**
   * Makes sure that the cluster exists, runs and accepts connections; adopts a postmaster that survived a
   * restart of Lakegate. Refuses a data directory that belongs to something else.
   */
  start(instance: DatabaseInstance): Promise<StartedCluster>
  /** Whether the cluster runs now, started by whichever process; asks only, changes nothing. */
  isRunning(instance: DatabaseInstance): Promise<boolean>
  /**
   * System roles, the owner's role with its label, `databricks_postgres`, the extension (behaviours 54–56).
   * An owner that was deleted meanwhile is undefined: its role stays as it is.
   */
  prepare(instance: DatabaseInstance, owner: Principal | undefined): Promise<void>
  /** Also when nothing runs, or nothing was ever made. */
  stop(instance: DatabaseInstance): Promise<void>
  /** Stops the cluster and removes every trace of it; also when nothing was ever made. */
  destroy(instance: DatabaseInstance): Promise<void>
  /** Resolves once the postmaster of a started instance is gone, whoever ended it. */
  waitForExit(instance: DatabaseInstance): Promise<void>
}

/** Told by operations that the wanted state of an instance changed; works it off in the background. */
export interface InstanceSupervisor {
  wake(uid: InstanceUid): void
}

/** Chooses where the gateway listens for a new instance. */
export interface ListenerAllocator {
  allocate(uid: InstanceUid): Promise<InstanceListener>
}

/** Users, service principals and groups. */
export interface Directory {
  loadPrincipal(id: IdentityId): Promise<KnownPrincipal | undefined>
  /** Exact by kind: user name (any letter case), application id, or group display name (exact). */
  findInWorkspace(workspaceId: WorkspaceId, type: IdentityType, name: string): Promise<Identity | undefined>
  /** Everything that a request asks about its caller, in one query. */
  loadCaller(
    id: IdentityId,
    workspaceId: WorkspaceId,
  ): Promise<
    | {
        readonly principal: KnownPrincipal
        readonly permission: WorkspacePermission | undefined
        readonly groupIds: readonly IdentityId[]
      }
    | undefined
  >
  /** Assignment of a principal, direct or through groups, and the groups themselves: one query. */
  loadMembership(
    id: IdentityId,
    workspaceId: WorkspaceId,
  ): Promise<{
    readonly permission: WorkspacePermission | undefined
    readonly groupIds: readonly IdentityId[]
  }>
}

/** A principal as a request is answered for it. */
export interface KnownPrincipal extends Principal {
  readonly isAccountAdmin: boolean
}

/** The directory as SCIM keeps it: users, service principals, groups and their members. */
export interface IdentityStore {
  /** With an assignment, both in one transaction. */
  createIdentity(
    identity: NewIdentity,
    assignment: { readonly workspaceId: WorkspaceId; readonly permission: WorkspacePermission } | undefined,
  ): Promise<IdentityRecord | 'name_taken'>
  /** Within a workspace: only what is assigned to it, directly or through groups. */
  loadIdentity(scope: DirectoryScope, id: IdentityId): Promise<IdentityRecord | undefined>
  /** In the whole account: user names in any letter case, group names exactly; no system groups. */
  findIdentity(accountId: AccountId, type: IdentityType, name: string): Promise<IdentityRecord | undefined>
  /** Ordered by `sortBy`, then by id. */
  listIdentities(
    scope: DirectoryScope,
    type: IdentityType,
    question: {
      readonly filter: IdentityFilter | undefined
      readonly sortBy: FilterAttribute | undefined
      readonly descending: boolean
      readonly offset: number
      readonly limit: number
    },
  ): Promise<{ readonly total: number; readonly identities: readonly IdentityRecord[] }>
  /** Undefined when it is gone, or not of the expected version any more. */
  updateIdentity(
    id: IdentityId,
    change: IdentityChange,
    expectedVersion: string | undefined,
  ): Promise<IdentityRecord | undefined | 'name_taken'>
  /** True when there was one; secrets, tokens, memberships and assignments go with it. Never a system group. */
  deleteIdentity(id: IdentityId): Promise<boolean>
  /** Direct members, by group. */
  listMembers(groupIds: readonly IdentityId[]): Promise<ReadonlyMap<IdentityId, readonly IdentityReference[]>>
  /** The groups inside the scope that directly contain an identity, by identity. */
  listDirectGroups(
    scope: DirectoryScope,
    ids: readonly IdentityId[],
  ): Promise<ReadonlyMap<IdentityId, readonly IdentityReference[]>>
  /** All of it or nothing. New members must be inside the scope; `replace` removes whatever it does not name. */
  changeMembers(
    scope: DirectoryScope,
    groupId: IdentityId,
    change: MembershipChange,
  ): Promise<
    'changed' | { readonly problem: 'unknown_member' | 'circle' | 'too_deep'; readonly id: IdentityId }
  >
}

export interface MembershipChange {
  readonly replace: readonly IdentityId[] | undefined
  readonly add: readonly IdentityId[]
  readonly remove: readonly IdentityId[]
}

export interface NewIdentity {
  readonly accountId: AccountId
  readonly type: IdentityType
  readonly name: string
  readonly displayName: string
  readonly active: boolean
  readonly externalId: string | undefined
  readonly givenName: string | undefined
  readonly familyName: string | undefined
  readonly homeWorkspaceId: WorkspaceId | undefined
  readonly isAccountAdmin: boolean
}

/** Workspaces, and who is assigned to them. */
export interface WorkspaceStore {
  loadWorkspace(id: WorkspaceId): Promise<Workspace | undefined>
  /** Ordered by id. */
  listWorkspaces(accountId: AccountId): Promise<readonly Workspace[]>
  /** The creator is assigned as ADMIN in the same transaction. */
  createWorkspace(workspace: {
    readonly accountId: AccountId
    readonly name: string
    readonly host: string
    readonly createdAt: Date
    readonly creatorId: IdentityId
  }): Promise<Workspace | 'name_taken'>
  /** False when it still has database instances, or is not there. */
  deleteWorkspace(id: WorkspaceId): Promise<boolean>
  listAssignments(workspaceId: WorkspaceId): Promise<readonly WorkspaceAssignment[]>
  /** The assignment of the identity itself, not through groups; makes it or changes it. */
  assign(workspaceId: WorkspaceId, id: IdentityId, permission: WorkspacePermission): Promise<void>
  /** The workspaces to which the identity itself is assigned. */
  listWorkspacesOf(id: IdentityId): Promise<readonly WorkspaceId[]>
  /** True when there was one. */
  unassign(workspaceId: WorkspaceId, id: IdentityId): Promise<boolean>
}

export interface WorkspaceAssignment {
  readonly identity: Identity
  readonly permission: WorkspacePermission
}

/** OAuth secrets of service principals; only SHA-256 hashes are kept (secrets are 160 random bits or more). */
export interface SecretStore {
  /** Undefined when the principal already has `atMost` live secrets; counted and inserted in one transaction. */
  insertSecret(secret: {
    readonly servicePrincipalId: IdentityId
    readonly hash: Uint8Array
    readonly createdAt: Date
    readonly expiresAt: Date
    readonly atMost: number
  }): Promise<StoredSecret | undefined>
  listSecrets(servicePrincipalId: IdentityId): Promise<readonly StoredSecret[]>
  deleteSecret(servicePrincipalId: IdentityId, secretId: string): Promise<boolean>
  /** The unexpired hashes of an active service principal, by application id, with the principal. */
  loadClient(
    applicationId: string,
    now: Date,
  ): Promise<{ readonly principal: Principal; readonly hashes: readonly Uint8Array[] } | undefined>
}

export interface StoredSecret {
  readonly id: string
  readonly servicePrincipalId: IdentityId
  readonly hash: Uint8Array
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** Personal access tokens; only SHA-256 hashes are kept. */
export interface PersonalAccessTokenStore {
  /** Undefined when the owner has `atMost` live ones in the workspace already. */
  insertPersonalAccessToken(token: {
    readonly identityId: IdentityId
    readonly workspaceId: WorkspaceId
    readonly hash: Uint8Array
    readonly comment: string
    readonly scopes: readonly string[]
    readonly createdAt: Date
    readonly createdBy: IdentityId
    readonly expiresAt: Date | undefined
    readonly atMost: number
  }): Promise<StoredPersonalAccessToken | undefined>
  findPersonalAccessToken(hash: Uint8Array, now: Date): Promise<StoredPersonalAccessToken | undefined>
  /** Of one identity, or of all in the workspace; oldest first. */
  listPersonalAccessTokens(
    workspaceId: WorkspaceId,
    identityId: IdentityId | undefined,
  ): Promise<readonly StoredPersonalAccessToken[]>
  /** True when there was one, of that identity if one is named. */
  deletePersonalAccessToken(
    workspaceId: WorkspaceId,
    id: string,
    identityId: IdentityId | undefined,
  ): Promise<boolean>
}

export interface StoredPersonalAccessToken {
  readonly id: string
  readonly identityId: IdentityId
  readonly ownerName: string
  readonly workspaceId: WorkspaceId
  readonly comment: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly createdBy: IdentityId | undefined
  readonly expiresAt: Date | undefined
}

/** The first start: one account, one workspace, one administrator, in one transaction, once. */
export interface InstallationStore {
  loadInstallation(): Promise<Installation | undefined>
  createInstallation(request: {
    readonly accountId: AccountId
    readonly workspaceName: string
    readonly adminUserName: string
    readonly createdAt: Date
  }): Promise<Installation>
  /** The first start has done all that only a first start does. */
  completeInstallation(now: Date): Promise<void>
}

export interface Installation {
  readonly accountId: AccountId
  readonly workspace: Workspace
  /** The administrator of the first start. */
  readonly admin: Principal
  /** False until the first start has come to its end, however many were killed on the way. */
  readonly isComplete: boolean
}

/** TLS certificates of the gateway, by the host name or address that clients connect to. */
export interface ServerCertificates {
  /** Valid for exactly that host; made on demand by Lakegate's own authority, or the operator's files. */
  certificateFor(host: string): Promise<ServerCertificate>
}

export interface ServerCertificate {
  /** Leaf first, then its chain. */
  readonly certificateChainPem: string
  readonly privateKeyPem: Redacted<string>
}

/** Private keys at rest are encrypted under a key that is not in the system database (DESIGN §5). */
export interface KeyEncryption {
  encrypt(plaintext: Uint8Array): Uint8Array
  /** Throws a `Fault` when the ciphertext was made under another key or was tampered with. */
  decrypt(ciphertext: Uint8Array): Uint8Array
  /** The same for one purpose as long as the key is the same; tells nothing of the key. */
  deriveSecret(purpose: string): Redacted<Uint8Array>
}

export interface SigningKeyStore {
  /** Newest first. */
  loadSigningKeys(): Promise<readonly StoredSigningKey[]>
  /** Retires the current key, if any, in the same transaction. With `onlyIfNone`, does nothing when one is current. */
  insertSigningKey(key: StoredSigningKey, options: { readonly onlyIfNone: boolean }): Promise<void>
}

export interface StoredSigningKey {
  readonly kid: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly encryptedPrivateKey: Uint8Array
  readonly createdAt: Date
  readonly retiredAt: Date | undefined
}

export interface CertificateAuthorityStore {
  loadCertificateAuthority(): Promise<StoredCertificateAuthority | undefined>
  /** Keeps the first one when two starts race; returns the one that is stored. */
  insertCertificateAuthority(authority: StoredCertificateAuthority): Promise<StoredCertificateAuthority>
}

export interface StoredCertificateAuthority {
  readonly certificatePem: string
  readonly encryptedPrivateKey: Uint8Array
  readonly createdAt: Date
}

/** Tells when a database instance was made, changed or removed, from whichever process. */
export interface InstanceChanges {
  /** Calls back soon after each change; several changes may be one call. Returns the way to stop. */
  onInstanceChange(callback: () => void): () => void
}

/** Slow hashes of chosen passwords. */
export interface PasswordHasher {
  hash(password: Redacted<string>): Promise<string>
  verify(hash: string, password: Redacted<string>): Promise<boolean>
  /** Whether the hash was made with other parameters than those of today. */
  isOutdated(hash: string): boolean
}

/** Passwords of users, and the links that set them. */
export interface PasswordStore {
  loadPasswordHash(userId: IdentityId): Promise<string | undefined>
  savePassword(userId: IdentityId, hash: string, now: Date): Promise<void>
  /** Ends the user's earlier links. */
  insertLink(link: {
    readonly userId: IdentityId
    readonly hash: Uint8Array
    readonly createdAt: Date
    readonly expiresAt: Date
  }): Promise<void>
  /** Of an active user, unexpired. */
  findLink(
    hash: Uint8Array,
    now: Date,
  ): Promise<{ readonly id: IdentityId; readonly name: string } | undefined>
  /** Sets the password and uses the link up in one transaction; false when it is not there any more. */
  usePasswordLink(linkHash: Uint8Array, passwordHash: string, now: Date): Promise<boolean>
}

/** So many failures within so many seconds, by a key. */
export interface SignInLimit {
  readonly key: string
  readonly failures: number
  readonly windowSeconds: number
}

/** Slows down guessing. */
export interface SignInBrake {
  isClosed(limits: readonly SignInLimit[], now: Date): Promise<boolean>
  countFailure(limits: readonly SignInLimit[], now: Date): Promise<void>
  /**
   * Counts an attempt before it is made, so that many at once do not slip through together. Narrowest limit first;
   * what one of them refuses is not counted by the wider ones.
   * @returns whether the attempt may be made
   */
  admitAttempt(limits: readonly SignInLimit[], now: Date): Promise<boolean>
  /** After a success: forgets the first, narrowest limit, and takes the attempt back from the others. */
  release(limits: readonly SignInLimit[]): Promise<void>
}

/** What the OAuth library keeps of one thing; `payload` never holds the id itself. */
export interface OAuthRecord {
  readonly idHash: Uint8Array
  readonly payload: Readonly<Record<string, unknown>>
  readonly identityId: IdentityId | undefined
  readonly consumedAt: Date | undefined
  readonly expiresAt: Date | undefined
}

/** Sessions, grants, codes and refresh tokens of the OAuth server, by workspace and kind. */
export interface OAuthRecordStore {
  save(record: {
    readonly workspaceId: WorkspaceId
    readonly kind: string
    /** SHA-256 of the id, which opens something. */
    readonly idHash: Uint8Array
    readonly payload: Readonly<Record<string, unknown>>
    readonly identityId: IdentityId | undefined
    readonly grantId: string | undefined
    readonly uid: string | undefined
    readonly userCode: string | undefined
    readonly now: Date
    readonly expiresAt: Date | undefined
  }): Promise<void>
  find(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array): Promise<OAuthRecord | undefined>
  findByUid(workspaceId: WorkspaceId, kind: string, uid: string): Promise<OAuthRecord | undefined>
  findByUserCode(workspaceId: WorkspaceId, kind: string, userCode: string): Promise<OAuthRecord | undefined>
  /** True for the one that consumed it. */
  consume(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array, now: Date): Promise<boolean>
  remove(workspaceId: WorkspaceId, kind: string, idHash: Uint8Array): Promise<void>
  /** The grant and everything that was issued by it. */
  removeGrant(workspaceId: WorkspaceId, grantId: string): Promise<void>
  removeExpired(now: Date): Promise<void>
  /** Sign-in sessions and granted applications of one identity. */
  listSessions(identityId: IdentityId, now: Date): Promise<readonly SignInSession[]>
  /** With everything that the grant issued. True when it was there. */
  endSession(identityId: IdentityId, id: string): Promise<boolean>
  /** All of the identity but one sign-in session. */
  endOthersOf(identityId: IdentityId, sessionUid: string): Promise<void>
  endAllOf(identityId: IdentityId): Promise<void>
}

export interface SignInSession {
  readonly id: string
  readonly kind: 'session' | 'grant'
  /** Tells a browser's own session from the others; opens nothing. */
  readonly uid: string | undefined
  readonly clientId: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

/** Applications that an administrator registered. */
export interface OAuthClientStore {
  insertOAuthClient(client: OAuthClient): Promise<void>
  findOAuthClient(clientId: string): Promise<OAuthClient | undefined>
  listOAuthClients(accountId: AccountId): Promise<readonly OAuthClient[]>
  /** Replaces what can change; false when it is not there. */
  updateOAuthClient(client: OAuthClient): Promise<boolean>
  deleteOAuthClient(accountId: AccountId, integrationId: string): Promise<boolean>
}

export interface OAuthClient {
  readonly clientId: string
  readonly integrationId: string
  readonly accountId: AccountId
  readonly name: string
  /** Undefined: a public client. */
  readonly secretHash: Uint8Array | undefined
  readonly redirectUrls: readonly string[]
  readonly scopes: readonly string[]
  readonly accessTokenTtlMinutes: number
  readonly refreshTokenTtlMinutes: number
  /** Each is replaced when it is used. */
  readonly hasSingleUseRefreshTokens: boolean
  /** From signing in, however often it is renewed; undefined: as long as any. */
  readonly sessionLifetimeMinutes: number | undefined
  readonly createdBy: IdentityId
  readonly createdAt: Date
}

/** Federation policies, of the account (undefined) or of one service principal. */
export interface FederationPolicyStore {
  insertPolicy(
    policy: FederationPolicy,
    options: { readonly atMost: number },
  ): Promise<'inserted' | 'id_taken' | 'limit_reached'>
  listPolicies(
    accountId: AccountId,
    servicePrincipalId: IdentityId | undefined,
  ): Promise<readonly FederationPolicy[]>
  /** False when it is gone. */
  updatePolicy(policy: FederationPolicy): Promise<boolean>
  deletePolicy(uid: string): Promise<boolean>
}

/** Checks the signature of an outside token with the keys that a policy configures. */
export interface ForeignTokenVerifier {
  /** The claims; undefined when the keys do not vouch for them. @throws Fault identity_provider_unreachable */
  verify(token: string, policy: FederationPolicy): Promise<Readonly<Record<string, unknown>> | undefined>
}
