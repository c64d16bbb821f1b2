/** The settings of the gateway, and what it needs from the rest of the system. */
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

/** Where connections are accepted. */
export interface ListeningSettings {
  /** Undefined: 5432 where it is free. 0: any free port. */
  readonly port: number | undefined
  /** Undefined: every instance has a loopback address of its own. */
  readonly addresses: readonly string[] | undefined
  /**
   * Undefined: an address and port for each instance. Otherwise one for all, which are told apart by TLS server name.
   */
  readonly domain: string | undefined
  readonly hasPooledEndpoints: boolean
}

/** How connections are served. May change while sessions are open; new connections use the new settings. */
export interface ServingSettings {
  readonly loginDeadlineMs: number
  readonly connectionsPerInstance: number
  /** Open sessions of one role of one instance. */
  readonly connectionsPerRole: number
  /** Connections from one address that have not logged in yet (attack 11). */
  readonly loginsPerAddress: number
  readonly domain: string | undefined
  /** CIDR ranges of load balancers; connections from them must begin with PROXY protocol v2. */
  readonly balancers: readonly string[]
  /** Undefined: there are no pooled endpoints. Read only when the process starts. */
  readonly pooled: PooledSettings | undefined
}

export interface PooledSettings extends PoolLimits {
  /** Logical sessions; an idle one costs PostgreSQL nothing. */
  readonly sessionsPerInstance: number
}

/** What the listener knows of a connection that it accepted. */
export interface ConnectionTarget {
  /** Undefined at an address that all instances share. */
  readonly instanceUid: InstanceUid | undefined
  /** Set at an address that is for pooled endpoints only; otherwise the TLS server name decides the endpoint. */
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
  /** Whether the stations of logins are to be logged. */
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
  /**
   * Reads the client address that the control plane sends before its startup packet; a violation from any other peer.
   */
  readonly readHandedOn: (bytes: Buffer) => Decoded<string>
  readonly metrics: LoginMetrics
  readonly log: LoginLog
}

export interface ListeningDependencies {
  /** Undefined with a domain when another process assigns its names. */
  readonly instances: Pick<InstanceStore, 'listAll' | 'recordListener' | 'recordPooledListener'> | undefined
  readonly log: GatewayLog
}
