/** What the gateway may be told, and what it needs of the rest of the system. */
import type { AdmitLogin } from '../operations/admit-login.ts'
import type { InstanceStore, ServerCertificates } from '../operations/ports.ts'

export interface GatewaySettings {
  /** Undefined: 5432 where it is free. 0: any free port. */
  readonly port: number | undefined
  readonly loginDeadlineMs: number
  readonly connectionsPerInstance: number
  /** Connections from one address that have not logged in yet (attack 11). */
  readonly loginsPerAddress: number
}

export interface GatewayLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface GatewayDependencies {
  readonly admit: AdmitLogin
  readonly instances: Pick<InstanceStore, 'listAll' | 'loadInstance' | 'recordListener'>
  readonly certificates: ServerCertificates
  readonly log: GatewayLog
}
