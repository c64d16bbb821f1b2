/** What the gateway counts and times. */
export type LoginStep = 'role_facts' | 'login_facts' | 'verify_token' | 'open_backend'

export interface LoginMetrics {
  loginAdmitted(milliseconds: number): void
  /** @param reason the name of a refusal, `backend` or `internal_error` */
  loginRefused(reason: string): void
  timed<Result>(step: LoginStep, work: () => Promise<Result>): Promise<Result>
}
