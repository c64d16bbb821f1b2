/** How this process reaches the PostgreSQL clusters behind database instances; one member for each purpose. */
import { randomBytes } from 'node:crypto'
import { createAdministrativeAccess, type AdministrativeAccess } from '../instances/administrative-client.ts'
import {
  createAdministrativeConnections,
  type AdministrativeConnections,
} from '../instances/administrative-connections.ts'
import { createBackendCredentials } from '../instances/attached/backend-credentials.ts'
import { createClusterConnector, type ClusterConnector } from '../instances/attached/connect-to-primary.ts'
import { createInstanceRoles } from '../instances/role-facts.ts'
import { createClientCertificates, type ClientCertificates } from '../keys/client-certificates.ts'
import type { AttachedSecretStore, BackendCredentials } from '../operations/ports/attached.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { InstanceRoles } from '../operations/ports/instance-roles.ts'
import type { KeyEncryption } from '../operations/ports/keys.ts'
import type { RoleBindingStore } from '../operations/ports/role-bindings.ts'
import { createAttachedSecretStore } from '../store/attached-clusters.ts'
import { createCertificateAuthorityStore } from '../store/signing-keys.ts'
import type { SystemDatabase } from '../store/system-database.ts'

export interface Clusters {
  /** Finds the primary of an attached cluster and connects to it as the given role. */
  readonly connector: ClusterConnector
  /** One administrative connection for one piece of work on any instance. */
  readonly access: AdministrativeAccess
  /** Administrative connections that stay open for short questions. */
  readonly connections: AdministrativeConnections
  /** Answers what logins ask about the roles of an instance, over those connections. */
  readonly roles: InstanceRoles
  /**
   * What the gateway proves itself with when it logs in to an attached cluster as a role: a certificate or a SCRAM key.
   */
  readonly backendCredentials: BackendCredentials
  readonly clientCertificates: ClientCertificates
  /** Administrative passwords, and the SCRAM keys of roles. */
  readonly secrets: AttachedSecretStore
}

export function buildClusters(parts: {
  readonly clock: Clock
  readonly database: SystemDatabase
  readonly encryption: KeyEncryption
  readonly roleBindings: RoleBindingStore
}): Clusters {
  const { clock, database, encryption, roleBindings } = parts
  const secrets = createAttachedSecretStore(database)
  const connector = createClusterConnector({ secrets, encryption })
  const access = createAdministrativeAccess(connector)
  const connections = createAdministrativeConnections(access)
  const clientCertificates = createClientCertificates({
    store: createCertificateAuthorityStore(database, 2),
    encryption,
    clock,
  })
  return {
    connector,
    access,
    connections,
    roles: createInstanceRoles(connections, roleBindings),
    backendCredentials: createBackendCredentials({
      access,
      secrets,
      bindings: roleBindings,
      encryption,
      randomBytes,
      certificateFor: (roleName) => clientCertificates.certificateFor(roleName),
    }),
    clientCertificates,
    secrets,
  }
}
