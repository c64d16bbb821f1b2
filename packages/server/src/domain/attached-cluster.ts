/** A PostgreSQL cluster that somebody else runs and that Lakegate puts identities in front of (DESIGN §3, `attached`). */
import type { RoleOid } from './ids.ts'

export interface ClusterHost {
  readonly host: string
  readonly port: number
}

/** How the certificate of a host is judged: `verify-full` compares its name as well. There is no weaker way. */
export const CLUSTER_TLS_MODES = ['verify-full', 'verify-ca'] as const
/** How the gateway proves itself to the cluster, as exactly the role of the session. */
export const BACKEND_AUTHENTICATIONS = ['client_certificate', 'scram'] as const
/** Whether `scram` may put its own key in the place of a password that a role already has. */
export const EXISTING_PASSWORDS = ['refuse', 'replace'] as const

/** What was asked for. The administrative password is kept apart, encrypted. */
export interface AttachedCluster {
  /** In the order in which they are tried; one of them is the primary. */
  readonly hosts: readonly ClusterHost[]
  /** The database of the administrative connections, where Lakegate keeps what it needs. */
  readonly database: string
  /** Without a certificate the public authorities that Node.js trusts count. */
  readonly tls: { readonly mode: (typeof CLUSTER_TLS_MODES)[number]; readonly caPem: string | undefined }
  readonly administrator: string
  readonly backendAuthentication: (typeof BACKEND_AUTHENTICATIONS)[number]
  readonly existingPasswords: (typeof EXISTING_PASSWORDS)[number]
  /** Asked for with the deletion: what Lakegate put into the cluster goes with the instance. */
  readonly removesObjects?: boolean
}

/**
 * Where the bindings of roles are kept, so that no role of the cluster but a superuser can write them: in pg_shseclabel,
 * or in the system database where the administrative role is no superuser. `table`: attached by an earlier version, which
 * kept them in a table of the cluster; nothing is read from there but once, to take them over.
 */
export const ROLE_BINDINGS = ['shared_catalog', 'system_database', 'table'] as const
export type RoleBindings = (typeof ROLE_BINDINGS)[number]

/** PostgreSQL 14 is the first that reports `in_hot_standby`, by which a standby is recognised without a question. */
export const OLDEST_ATTACHED_VERSION = 14

/** A session of the gateway is opened as one role, and the role is known by its object id. */
export interface BackendRole {
  readonly name: string
  readonly oid: RoleOid
}

/** The one that was the primary last time first, then the others in their order. */
export function inOrder(
  hosts: readonly ClusterHost[],
  first: ClusterHost | undefined,
): readonly ClusterHost[] {
  const isFirst = ({ host, port }: ClusterHost) => host === first?.host && port === first.port
  return [...hosts.filter(isFirst), ...hosts.filter((host) => !isFirst(host))]
}
