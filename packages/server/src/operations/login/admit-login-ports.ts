/** The ports of a login, and the facts that it finds on its way. */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { Challenge } from '../../policy/challenge.ts'
import type { Admitted } from '../../policy/login.ts'
import type { VerifiedToken } from '../../tokens/claims.ts'
import type { SessionTicket } from '../../tokens/session-ticket.ts'
import type { TokenRejection } from '../../tokens/verify.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { ClaimReader } from '../ports/catalog.ts'
import type { Clock } from '../ports/clock.ts'
import type { LoginDirectory } from '../ports/directory.ts'
import type { InstanceRoles } from '../ports/instance-roles.ts'
import type { InstanceLookup } from '../ports/instances.ts'
import type { FailedLoginBrake, FailedLoginLimits } from '../ports/proof.ts'
import type { RememberedLogins } from './remembered-logins.ts'

export interface AdmitLoginPorts {
  readonly instances: InstanceLookup
  readonly roles: Pick<InstanceRoles, 'loadRoleFacts'>
  readonly directory: LoginDirectory
  readonly remembered: RememberedLogins
  readonly claims: Pick<ClaimReader, 'loadClaimSet'>
  readonly verifyToken: (token: string, now: Date) => Promise<VerifiedToken | TokenRejection>
  readonly issueTicket: (ticket: SessionTicket, now: Date) => Promise<string>
  /** The issuer of tokens for that workspace. */
  readonly issuerOf: (workspaceId: WorkspaceId) => Promise<string | undefined>
  readonly brake: FailedLoginBrake
  /** The present limits. */
  readonly failedLoginLimits: () => FailedLoginLimits
  /** A secret of the installation, the same in every gateway and after every restart. */
  readonly madeUpVerifierSecret: Redacted<Uint8Array>
  readonly pause: (milliseconds: number) => Promise<void>
  readonly audit: AuditLog
  readonly clock: Clock
}

/** What has become known of one login, for its audit record. */
export interface SeenOfLogin {
  challenge?: Challenge
  token?: VerifiedToken
  admitted?: Admitted
  instance?: DatabaseInstance
}
