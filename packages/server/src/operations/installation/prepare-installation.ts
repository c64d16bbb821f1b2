/**
 * The first start creates the installation: one account, one workspace, one administrator who logs in with a generated
 * personal access token. Later starts find it. There is never a default password.
 */
import type { AccountId } from '../../domain/ids.ts'
import type { Installation, InstallationStore } from '../ports/installation.ts'

/**
 * @param newAccountId used only when there is no installation yet; a random UUID
 * @returns the installation; not complete at the first start, or after a first start that was interrupted
 * @throws Fault when the system database does not answer
 */
export async function prepareInstallation(
  store: InstallationStore,
  request: {
    readonly newAccountId: AccountId
    readonly workspaceName: string
    readonly adminUserName: string
    readonly now: Date
  },
): Promise<Installation> {
  const existing = await store.loadInstallation()
  if (existing !== undefined) return existing
  return store.createInstallation({
    accountId: request.newAccountId,
    workspaceName: request.workspaceName,
    adminUserName: request.adminUserName,
    createdAt: request.now,
  })
}
