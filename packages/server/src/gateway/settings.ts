/** What the gateway may be told, and what it needs of the rest of the system. */
import type { InstanceUid } from '../domain/ids.ts'
import type { AdmitLogin } from '../operations/login/admission.ts'
import type { ServerCertificates } from '../operations/ports/certificates.ts'
import type { ClaimedDatabases } from '../operations/ports/claimed-databases.ts'
import type { InstanceStore } from '../operations/ports/instances.ts'
import type { LoginMetrics } from '../operations/ports/metrics.ts'
import type { Decoded } from '../protocol/frame.ts'
import type { OpenSessions } from './sessions/open-sessions.ts'
import type { PoolLimits } from './pooled/pool-terms.ts'
import type { AttachedClusters } from './backend/attached-clusters.ts'

/** Where connections are taken. */
export interface ListeningSettings {
  /** Undefined: 5432 where it is free. 0: any free port. */
  readonly port: number | undefined
  /** Undefined: every instance on the loopback address of its own. */
  readonly addresses: readonly string[] | undefined
  /** Undefined: an address and port for each instance. Otherwise one for all, told apart by TLS server name. */
  readonly domain: string | undefined
  readonly hasPooledEndpoints: boolean
}

/** How connections are served. May change while sessions are open; new connections go by the new ones. */
export interface ServingSettings {
  readonly loginDeadlineMs: number
  readonly connectionsPerInstance: number
  /** Open sessions of one role of one instance. */
  readonly connectionsPerRole: number
  /** Connections from one address that have not logged in yet (attack 11). */
  readonly loginsPerAddress: number
  readonly domain: string | undefined
  /** CIDR ranges of the load balancers that speak PROXY protocol v2, and that alone. */
  readonly balancers: readonly string[]
  /** Undefined: there are no pooled endpoints. Read at the start only. */
  readonly pooled: PooledSettings | undefined
}

export interface PooledSettings extends PoolLimits {
  /** Logical sessions, which cost PostgreSQL nothing while they do nothing. */
  readonly sessionsPerInstance: number
}

/** What the listener knows of a connection that it took. */
export interface ConnectionTarget {
  /** Undefined at an address that all instances share. */
  readonly instanceUid: InstanceUid | undefined
  /** At an address of its own; otherwise the TLS server name says which endpoint is meant. */
  readonly endpoint?: 'pooled'
  /** What the certificate is for: an address, or `*.<domain>`. */
  readonly certificateHost: string
}

export interface GatewayLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface LoginLog extends GatewayLog {
  /** Whether anybody wants to know of every station of a login. */
  isTracing(): boolean
  trace(fields: object, message: string): void
}

export interface GatewayDependencies {
  readonly admit: AdmitLogin
  readonly instances: Pick<InstanceStore, 'loadInstance'>
  readonly certificates: ServerCertificates
  readonly clusters: AttachedClusters
  readonly claimedDatabases: ClaimedDatabases
  readonly openSessions: Pick<OpenSessions, 'during' | 'endAll'>
  /** Reads whom the control plane connects for, in front of the startup packet; a violation from anybody else. */
  readonly readHandedOn: (bytes: Buffer) => Decoded<string>
  readonly metrics: LoginMetrics
  readonly log: LoginLog
}

export interface ListeningDependencies {
  /** Undefined under a domain whose names another process hands out. */
  readonly instances: Pick<InstanceStore, 'listAll' | 'recordListener' | 'recordPooledListener'> | undefined
  readonly log: GatewayLog
}
