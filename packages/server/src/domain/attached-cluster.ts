/** A PostgreSQL cluster that somebody else runs, to which Lakegate adds identity login (DESIGN §3, `attached`). */
import type { RoleOid } from './ids.ts'

export interface ClusterHost {
  readonly host: string
  readonly port: number
}

/** How the certificate of a host is verified: `verify-full` also compares its name. There is no weaker mode. */
export const CLUSTER_TLS_MODES = ['verify-full', 'verify-ca'] as const
/** How the gateway proves itself to the cluster, as exactly the role of the session. */
export const BACKEND_AUTHENTICATIONS = ['client_certificate', 'scram'] as const
export type BackendAuthentication = (typeof BACKEND_AUTHENTICATIONS)[number]
/** Whether `scram` may replace a password that a role already has with its own key. */
export const EXISTING_PASSWORDS = ['refuse', 'replace'] as const

/** As requested by the caller. The administrative password is kept separately, encrypted. */
export interface AttachedCluster {
  /** In the order in which they are tried; one of them is the primary. */
  readonly hosts: readonly ClusterHost[]
  /** The database of the administrative connections, where Lakegate keeps what it needs. */
  readonly database: string
  /** Without a certificate, the public authorities that Node.js trusts are used. */
  readonly tls: { readonly mode: (typeof CLUSTER_TLS_MODES)[number]; readonly caPem: string | undefined }
  readonly administrator: string
  readonly backendAuthentication: BackendAuthentication
  readonly existingPasswords: (typeof EXISTING_PASSWORDS)[number]
  /** Set by the deletion: whether Lakegate also removes from the cluster what it put there. */
  readonly removesObjects?: boolean
}

/**
 * Where the bindings of roles are kept, so that only superusers of the cluster can write them: in pg_shseclabel, or in
 * the system database where the administrative role is no superuser. `table`: attached by an earlier version, which
 * kept the bindings in a table of the cluster; they are read from there only once, to take them over.
 */
export const ROLE_BINDINGS = ['shared_catalog', 'system_database', 'table'] as const
export type RoleBindings = (typeof ROLE_BINDINGS)[number]

/** PostgreSQL 14 is the first version that reports `in_hot_standby`, which shows a standby without a query. */
export const OLDEST_ATTACHED_VERSION = 14

/** A session of the gateway is opened as one role, and the role is known by its object id. */
export interface BackendRole {
  readonly name: string
  readonly oid: RoleOid
}

/** The last known primary first, then the others in their order. */
export function inOrder(
  hosts: readonly ClusterHost[],
  first: ClusterHost | undefined,
): readonly ClusterHost[] {
  const isFirst = ({ host, port }: ClusterHost) => host === first?.host && port === first.port
  return [...hosts.filter(isFirst), ...hosts.filter((host) => !isFirst(host))]
}
