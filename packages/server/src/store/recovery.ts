/** What the recovery of access reads and changes in the directory: without a caller, since nobody can sign in. */
import { sql } from 'kysely'
import type { AccountId, IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { AuditRecord } from '../operations/ports/audit.ts'
import { appendAuditRecords } from './audit-records.ts'
import { hasName } from './name-condition.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

export interface RecoverableUser {
  readonly id: IdentityId
  readonly name: string
  readonly active: boolean
  readonly isAccountAdmin: boolean
  readonly isWorkspaceAdmin: boolean
  readonly hasPassword: boolean
}

export interface RecoveryStore {
  findUser(name: string): Promise<RecoverableUser | undefined>
  /** Those with rights of their own, by name; rights through a group are not among them. */
  listAdministrators(): Promise<readonly RecoverableUser[]>
  /** Together with its audit record, or not at all. */
  makeAdministrator(id: IdentityId, record: AuditRecord): Promise<void>
}

export function createRecoveryStore(
  database: SystemDatabase,
  { accountId, workspaceId }: { readonly accountId: AccountId; readonly workspaceId: WorkspaceId },
): RecoveryStore {
  const users = () =>
    database
      .selectFrom('identity')
      .leftJoin('workspace_assignment as assignment', (join) =>
        join
          .onRef('assignment.identity_id', '=', 'identity.id')
          .on('assignment.workspace_id', '=', workspaceId),
      )
      .leftJoin('user_password', 'user_password.user_id', 'identity.id')
      .select([
        'identity.id',
        'identity.name',
        'identity.active',
        'identity.is_account_admin',
        'assignment.permission',
        sql<boolean>`user_password.user_id IS NOT NULL`.as('has_password'),
      ])
      .where('identity.account_id', '=', accountId)
      .where('identity.type', '=', 'USER')
  return {
    findUser: (name) =>
      askSystemDatabase(async () => {
        const row = await users().where(hasName('USER', name)).executeTakeFirst()
        return row === undefined ? undefined : toUser(row)
      }),
    listAdministrators: () =>
      askSystemDatabase(async () => {
        const rows = await users()
          .where((where) =>
            where.or([
              where('identity.is_account_admin', '=', true),
              where('assignment.permission', '=', 'ADMIN'),
            ]),
          )
          .orderBy('identity.name')
          .execute()
        return rows.map(toUser)
      }),
    makeAdministrator: (id, record) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          await transaction
            .updateTable('identity')
            .set((set) => ({
              active: true,
              is_account_admin: true,
              version: set('version', '+', '1'),
              updated_at: sql<Date>`now()`,
            }))
            .where('id', '=', id)
            .execute()
          await transaction
            .insertInto('workspace_assignment')
            .values({ workspace_id: workspaceId, identity_id: id, permission: 'ADMIN' })
            .onConflict((conflict) =>
              conflict.columns(['workspace_id', 'identity_id']).doUpdateSet({ permission: 'ADMIN' }),
            )
            .execute()
          await appendAuditRecords(transaction, [record])
        }),
      ),
  }
}

const toUser = (row: {
  readonly id: string
  readonly name: string
  readonly active: boolean
  readonly is_account_admin: boolean
  readonly permission: 'USER' | 'ADMIN' | null
  readonly has_password: boolean
}): RecoverableUser => ({
  id: row.id as IdentityId,
  name: row.name,
  active: row.active,
  isAccountAdmin: row.is_account_admin,
  isWorkspaceAdmin: row.permission === 'ADMIN',
  hasPassword: row.has_password,
})
