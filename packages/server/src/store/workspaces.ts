/** Workspaces, and the identities that are assigned to them. */
import type { Selectable } from 'kysely'
import type { AccountId, WorkspaceId } from '../domain/ids.ts'
import type { Workspace } from '../domain/workspace.ts'
import type { WorkspaceStore } from '../operations/ports/workspaces.ts'
import { lockMemberships } from './group-members.ts'
import { toIdentity } from './identity-rows.ts'
import type { SystemSchema } from './schema.ts'
import {
  askSystemDatabase,
  isForeignKeyViolation,
  isUniqueViolation,
  type SystemDatabase,
} from './system-database.ts'

export const createWorkspaceStore = (database: SystemDatabase): WorkspaceStore => ({
  ...workspaceRows(database),
  ...assignmentRows(database),
})

/** The workspaces themselves. */
const workspaceRows = (
  database: SystemDatabase,
): Pick<WorkspaceStore, 'loadWorkspace' | 'listWorkspaces' | 'createWorkspace' | 'deleteWorkspace'> => ({
  loadWorkspace: (id) =>
    askSystemDatabase(async () => {
      const row = await database.selectFrom('workspace').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? undefined : toWorkspace(row)
    }),

  listWorkspaces: (accountId) =>
    askSystemDatabase(async () => {
      const rows = await database
        .selectFrom('workspace')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('id')
        .execute()
      return rows.map(toWorkspace)
    }),

  createWorkspace: (workspace) =>
    askSystemDatabase(async () => {
      try {
        return await database.transaction().execute(async (transaction) => {
          const row = await transaction
            .insertInto('workspace')
            .values({
              account_id: workspace.accountId,
              name: workspace.name,
              host: workspace.host,
              deployment_name: workspace.deploymentName,
              created_at: workspace.createdAt,
            })
            .returningAll()
            .executeTakeFirstOrThrow()
          await transaction
            .insertInto('workspace_assignment')
            .values({ workspace_id: row.id, identity_id: workspace.creatorId, permission: 'ADMIN' })
            .execute()
          return toWorkspace(row)
        })
      } catch (error) {
        if (isUniqueViolation(error)) return 'name_taken' as const
        throw error
      }
    }),

  deleteWorkspace: (id) =>
    askSystemDatabase(() =>
      database.transaction().execute(async (transaction) => {
        // Its system groups are deleted with it, and the rows of identities that it created are changed.
        await lockMemberships(transaction)
        // The lock prevents instances from being created in it meanwhile (store/instances.ts takes the same lock).
        await transaction.selectFrom('workspace').select('id').where('id', '=', id).forUpdate().execute()
        const result = await transaction
          .deleteFrom('workspace')
          .where('id', '=', id)
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('database_instance')
                  .select('uid')
                  .whereRef('database_instance.workspace_id', '=', 'workspace.id'),
              ),
            ),
          )
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),
    ),
})

/** The assignments of identities to workspaces. */
const assignmentRows = (
  database: SystemDatabase,
): Pick<WorkspaceStore, 'listAssignments' | 'assign' | 'unassign'> => ({
  listAssignments: (workspaceId) =>
    askSystemDatabase(async () => {
      const rows = await database
        .selectFrom('workspace_assignment')
        .innerJoin('identity', 'identity.id', 'workspace_assignment.identity_id')
        .select([
          'identity.id',
          'identity.type',
          'identity.name',
          'identity.display_name',
          'identity.active',
          'workspace_assignment.permission',
        ])
        .where('workspace_assignment.workspace_id', '=', workspaceId)
        .where('identity.system_group', 'is', null)
        .orderBy('identity.id')
        .execute()
      return rows.map((row) => ({ identity: toIdentity(row), permission: row.permission }))
    }),

  assign: (workspaceId, id, permission) =>
    askSystemDatabase(async () => {
      try {
        await database.transaction().execute(async (transaction) => {
          // This also changes the members of `admins`.
          await lockMemberships(transaction)
          await transaction
            .insertInto('workspace_assignment')
            .values({ workspace_id: workspaceId, identity_id: id, permission })
            .onConflict((conflict) =>
              conflict.columns(['workspace_id', 'identity_id']).doUpdateSet({ permission }),
            )
            .execute()
        })
        return true
      } catch (error) {
        if (isForeignKeyViolation(error)) return false
        throw error
      }
    }),

  unassign: (workspaceId, id) =>
    askSystemDatabase(() =>
      database.transaction().execute(async (transaction) => {
        await lockMemberships(transaction)
        const result = await transaction
          .deleteFrom('workspace_assignment')
          .where('workspace_id', '=', workspaceId)
          .where('identity_id', '=', id)
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),
    ),
})

function toWorkspace(row: Selectable<SystemSchema['workspace']>): Workspace {
  return {
    id: row.id as WorkspaceId,
    accountId: row.account_id as AccountId,
    name: row.name,
    host: row.host ?? undefined,
    deploymentName: row.deployment_name ?? undefined,
  }
}
