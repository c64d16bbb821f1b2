/** The first start: one account, one workspace, one administrator, in one transaction, once. */
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
   * The first start has done all that only a first start does; the link of the administrator is kept in the same
   * transaction. False, and nothing is kept, when another first start did so before.
   * @param handOver called when it is certain that this is the first one, and before that is kept: when it fails, or the
   *   process is killed in between, the next start is a first start again
   */
  completeInstallation(invitation: NewSignInLink, handOver: () => Promise<void>): Promise<boolean>
}

export interface Installation {
  readonly accountId: AccountId
  readonly workspace: Workspace
  /** The administrator of the first start. */
  readonly admin: Principal
  /** False until the first start has come to its end, however many were killed on the way. */
  readonly isComplete: boolean
}
