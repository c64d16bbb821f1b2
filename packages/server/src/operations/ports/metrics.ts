/** What the gateway counts and measures. */
import type { InstanceUid } from '../../domain/ids.ts'

export type LoginStep = 'role_facts' | 'login_facts' | 'verify_token' | 'open_backend'

export interface LoginMetrics {
  loginAdmitted(instanceUid: InstanceUid, milliseconds: number): void
  /**
   * @param instanceUid the instance that was asked for, whether it exists or not; undefined when that was never known
   * @param reason the name of a refusal, `backend` or `internal_error`
   */
  loginRefused(instanceUid: InstanceUid | undefined, reason: string): void
  timed<Result>(step: LoginStep, work: () => Promise<Result>): Promise<Result>
}
