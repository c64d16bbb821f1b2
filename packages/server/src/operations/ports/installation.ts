/** The first start: one account, one workspace, one administrator, created in one transaction, once. */
import type { Principal } from '../../domain/identity.ts'
import type { AccountId } from '../../domain/ids.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { NewSignInLink } from './passwords.ts'

export interface InstallationStore {
  loadInstallation(): Promise<Installation | undefined>
  createInstallation(request: {
    readonly accountId: AccountId
    readonly workspaceName: string
    readonly adminUserName: string
    readonly createdAt: Date
  }): Promise<Installation>
  /**
   * Records that everything that only a first start does is done; the administrator's link is stored in the same
   * transaction. False, and nothing is stored, when another first start was faster.
   * @param handOver called when it is certain that this start is the first, and before that is stored: if it fails, or
   * the process is killed in between, the next start is a first start again
   */
  completeInstallation(invitation: NewSignInLink, handOver: () => Promise<void>): Promise<boolean>
}

export interface Installation {
  readonly accountId: AccountId
  readonly workspace: Workspace
  /** The administrator of the first start. */
  readonly admin: Principal
  /** False until a first start has been completed, however many were interrupted. */
  readonly isComplete: boolean
}
