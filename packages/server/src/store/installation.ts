/** The single row that records which account, workspace and administrator the first start created. */
import type { SystemQueries } from './schema.ts'
import { sql } from 'kysely'
import type { AccountId, IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { Installation, InstallationStore } from '../operations/ports/installation.ts'
import { nameColumns } from './name-columns.ts'
import { insertSignInLink } from './passwords.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export function createInstallationStore(database: SystemDatabase): InstallationStore {
  const load = async (on: SystemQueries): Promise<Installation | undefined> => {
    const row = await on
      .selectFrom('installation')
      .innerJoin('workspace', 'workspace.id', 'installation.workspace_id')
      .innerJoin('identity', 'identity.id', 'installation.admin_id')
      .select([
        'installation.account_id',
        'workspace.id as workspace_id',
        'workspace.name as workspace_name',
        'workspace.host as workspace_host',
        'workspace.deployment_name',
        'identity.id as admin_id',
        'identity.name as admin_name',
        'identity.display_name',
        'identity.active',
        'installation.completed_at',
      ])
      .executeTakeFirst()
    if (row === undefined) return undefined
    const accountId = row.account_id as AccountId
    return {
      accountId,
      isComplete: row.completed_at !== null,
      workspace: {
        id: row.workspace_id as WorkspaceId,
        accountId,
        name: row.workspace_name,
        host: row.workspace_host ?? undefined,
        deploymentName: row.deployment_name ?? undefined,
      },
      admin: {
        id: row.admin_id as IdentityId,
        type: 'USER',
        name: row.admin_name,
        displayName: row.display_name,
        active: row.active,
      },
    }
  }

  return {
    loadInstallation: () => askSystemDatabase(() => load(database)),
    completeInstallation: (invitation, handOver) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // A concurrent caller waits here for the row, and then finds it completed.
          const completed = await transaction
            .updateTable('installation')
            .set({ completed_at: invitation.createdAt })
            .where('completed_at', 'is', null)
            .returning('id')
            .executeTakeFirst()
          if (completed === undefined) return false
          await insertSignInLink(transaction, invitation)
          await handOver()
          return true
        }),
      ),
    createInstallation: (request) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          // Two first starts may race: the second waits here and then finds what the first one created.
          await sql`LOCK TABLE installation IN EXCLUSIVE MODE`.execute(transaction)
          const existing = await load(transaction)
          if (existing !== undefined) return existing
          const created_at = request.createdAt
          await transaction.insertInto('account').values({ id: request.accountId, created_at }).execute()
          const workspace = await transaction
            .insertInto('workspace')
            .values({ account_id: request.accountId, name: request.workspaceName, created_at })
            .returning('id')
            .executeTakeFirstOrThrow()
          const admin = await transaction
            .insertInto('identity')
            .values({
              account_id: request.accountId,
              type: 'USER',
              name: request.adminUserName,
              display_name: request.adminUserName,
              external_id: null,
              is_account_admin: true,
              ...nameColumns({
                type: 'USER',
                name: request.adminUserName,
                displayName: request.adminUserName,
              }),
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          await transaction
            .insertInto('workspace_assignment')
            .values({ workspace_id: workspace.id, identity_id: admin.id, permission: 'ADMIN' })
            .execute()
          await transaction
            .insertInto('installation')
            .values({
              id: 1,
              account_id: request.accountId,
              workspace_id: workspace.id,
              admin_id: admin.id,
              completed_at: null,
            })
            .execute()
          const created = await load(transaction)
          if (created === undefined) throw new Error('the installation that was just made is not there')
          return created
        }),
      ),
  }
}
