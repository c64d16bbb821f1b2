/**
 * The first start makes the installation: one account, one workspace, one administrator who proves itself
 * with a generated personal access token. Later starts find it. There is never a default password.
 */
import type { AccountId } from '../domain/ids.ts'
import type { Installation, InstallationStore } from './ports.ts'

export interface PreparedInstallation {
  readonly installation: Installation
  /** True when this call made it. */
  readonly isNew: boolean
}

/**
 * @param newAccountId used only when there is no installation yet; a random UUID
 * @throws Fault when the system database cannot be asked
 */
export async function prepareInstallation(
  store: InstallationStore,
  request: {
    readonly newAccountId: AccountId
    readonly workspaceName: string
    readonly adminUserName: string
    readonly now: Date
  },
): Promise<PreparedInstallation> {
  const existing = await store.loadInstallation()
  if (existing !== undefined) return { installation: existing, isNew: false }
  const installation = await store.createInstallation({
    accountId: request.newAccountId,
    workspaceName: request.workspaceName,
    adminUserName: request.adminUserName,
    createdAt: request.now,
  })
  // Two first starts may race; the one whose account id was stored is the one that made it.
  return { installation, isNew: installation.accountId === request.newAccountId }
}
