/**
 * What control plane and gateway have in common: the stores, the keys, the connections to instances, the clock, the
 * logs.
 */
import type { Clock } from '../operations/ports/clock.ts'
import type { ListenerAllocator } from '../operations/ports/clusters.ts'
import type { ConfirmMasterKey, KeyEncryption } from '../operations/ports/keys.ts'
import { createCertificateAuthority, type CertificateAuthority } from '../keys/certificate-authority.ts'
import { createHeldEncryption } from '../keys/key-encryption.ts'
import { createSigningKeys, type SigningKeys } from '../keys/signing-keys.ts'
import type { WorkspaceAddresses } from '../operations/workspaces/workspace-addresses.ts'
import type { Redacted } from '../domain/redacted.ts'
import type { AuditQueue } from '../observation/audit-queue.ts'
import type { Log } from '../observation/log.ts'
import type { Metrics } from '../observation/metrics.ts'
import { createAuditStore } from '../store/audit-records.ts'
import { createCatalogStore } from '../store/catalog.ts'
import { createConsoleSessionStore } from '../store/console-sessions.ts'
import { createDirectory } from '../store/directory.ts'
import { createFederationPolicyStore } from '../store/federation-policies.ts'
import { createOAuthClientStore } from '../store/oauth-clients.ts'
import { createOAuthRecordStore } from '../store/oauth-records.ts'
import { createPasswordStore } from '../store/passwords.ts'
import { createSignInBrake } from '../store/sign-in-failures.ts'
import { createIdentityStore } from '../store/identity-records.ts'
import { createWorkspaceFileStore } from '../store/workspace-files.ts'
import { createWorkspaceStore } from '../store/workspaces.ts'
import { createInstanceChanges, type RunningInstanceChanges } from '../store/instance-changes.ts'
import { createSessionNotices, type RunningSessionNotices } from '../store/session-notices.ts'
import { createHintSender, type RunningHintSender } from '../store/live-hints.ts'
import { createInstanceStore } from '../store/instances.ts'
import { createLoginDirectory } from '../store/login-facts.ts'
import { createSavedQueryStore } from '../store/saved-queries.ts'
import { createRoleBindingStore } from '../store/role-bindings.ts'
import { createPersonalAccessTokenStore } from '../store/personal-access-tokens.ts'
import { createSecretStore } from '../store/secrets.ts'
import { createCertificateAuthorityStore, createSigningKeyStore } from '../store/signing-keys.ts'
import type { SystemDatabase, SystemDatabaseAddress } from '../store/system-database.ts'
import type { VerifiedToken } from '../tokens/claims.ts'
import { rememberTokens } from '../tokens/remembered-tokens.ts'
import { verifyLoginToken, type TokenRejection } from '../tokens/verify.ts'
import { buildAudit } from './audit.ts'
import { buildClusters, type Clusters } from './clusters.ts'
import { buildMetrics } from './metrics.ts'

/** A token is under 1 KiB, and less than that is remembered of it. */
const REMEMBERED_TOKENS = 10_000

export interface Foundation {
  readonly clock: Clock
  readonly log: Log
  readonly audit: AuditQueue
  readonly metrics: Metrics
  readonly database: SystemDatabase
  readonly address: SystemDatabaseAddress
  readonly stores: ReturnType<typeof createStores>
  readonly signingKeys: SigningKeys
  /** Shared by logins and REST: it remembers the tokens whose signature has been verified. */
  readonly verifyToken: (token: string, now: Date) => Promise<VerifiedToken | TokenRejection>
  readonly authority: CertificateAuthority
  readonly clusters: Clusters
  readonly changes: RunningInstanceChanges
  /** For a process that has open sessions; not started yet. */
  readonly sessionNotices: RunningSessionNotices
  /** Sent by this process to the control planes. */
  readonly hints: RunningHintSender
  readonly listeners: ListenerAllocator
  readonly addresses: WorkspaceAddresses
  /** Key of the made-up SCRAM verifiers with which unknown roles are challenged (attack 34). */
  readonly madeUpVerifierSecret: Redacted<Uint8Array>
  /** Proves to a gateway that the control plane connects for a browser; every node of an installation has it. */
  readonly handedOnAddressKey: Redacted<Uint8Array>
  readonly encryption: KeyEncryption
  readonly confirmMasterKey: ConfirmMasterKey
}

const createStores = (database: SystemDatabase) => ({
  instances: createInstanceStore(database),
  directory: createDirectory(database),
  identities: createIdentityStore(database),
  workspaces: createWorkspaceStore(database),
  secrets: createSecretStore(database),
  personalAccessTokens: createPersonalAccessTokenStore(database),
  loginDirectory: createLoginDirectory(database),
  passwords: createPasswordStore(database),
  signInBrake: createSignInBrake(database),
  oauthRecords: createOAuthRecordStore(database),
  federationPolicies: createFederationPolicyStore(database),
  oauthClients: createOAuthClientStore(database),
  catalog: createCatalogStore(database),
  auditRecords: createAuditStore(database),
  roleBindings: createRoleBindingStore(database),
  workspaceFiles: createWorkspaceFileStore(database),
  consoleSessions: createConsoleSessionStore(database),
  savedQueries: createSavedQueryStore(database),
})

export function layFoundation(parts: {
  readonly clock: Clock
  readonly log: Log
  readonly database: SystemDatabase
  readonly address: SystemDatabaseAddress
  readonly encryption: KeyEncryption
  readonly listeners: ListenerAllocator
  readonly addresses: WorkspaceAddresses
}): Foundation {
  const { clock, log, database } = parts
  const { encryption, confirm: confirmMasterKey } = createHeldEncryption(parts.encryption)
  const hints = createHintSender(database, {
    uptimeMs: () => performance.now(),
    onFailure: (error) => {
      log.warn({ err: error }, 'a change could not be announced to the other processes')
    },
  })
  const audit = buildAudit(clock, log, database, hints)
  const signingKeys = createSigningKeys({ store: createSigningKeyStore(database), encryption, clock })
  const { issuerOf } = parts.addresses
  const onLost = (error: Error) => {
    log.warn({ err: error }, 'the connection that receives change notices was lost')
  }
  const stores = createStores(database)
  return {
    clock,
    log,
    audit,
    metrics: buildMetrics(audit),
    database,
    address: parts.address,
    stores,
    signingKeys,
    verifyToken: rememberTokens(
      (token, now) => verifyLoginToken(token, { issuerOf, keys: signingKeys, now }),
      REMEMBERED_TOKENS,
    ),
    authority: createCertificateAuthority({
      store: createCertificateAuthorityStore(database),
      encryption,
      clock,
    }),
    clusters: buildClusters({ clock, database, encryption, roleBindings: stores.roleBindings }),
    changes: createInstanceChanges(parts.address, { onLost, confirmMasterKey }),
    sessionNotices: createSessionNotices(parts.address, { onLost, confirmMasterKey }),
    hints,
    listeners: parts.listeners,
    addresses: parts.addresses,
    handedOnAddressKey: encryption.deriveSecret('client addresses that the console hands on'),
    madeUpVerifierSecret: encryption.deriveSecret('SCRAM verifiers of unknown roles'),
    encryption,
    confirmMasterKey,
  }
}
