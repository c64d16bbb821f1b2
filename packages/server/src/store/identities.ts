/** Users, service principals and groups: reading the directory and keeping service principals. */
import { sql } from 'kysely'
import type { Identity, Principal } from '../domain/identity.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { Directory, ServicePrincipal, ServicePrincipalStore } from '../operations/ports.ts'
import { ancestorsOf, assignmentOf } from './membership.ts'
import { askSystemDatabase, isUniqueViolation, type SystemDatabase } from './system-database.ts'

export function createDirectory(database: SystemDatabase): Directory {
  return {
    loadPrincipal: (id) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('identity')
          .select(['id', 'type', 'name', 'display_name', 'active'])
          .where('id', '=', id)
          .executeTakeFirst()
        return row === undefined || row.type === 'GROUP' ? undefined : toPrincipal({ ...row, type: row.type })
      }),

    findInWorkspace: (workspaceId, type, name) =>
      askSystemDatabase(async () => {
        const row = await database
          .selectFrom('identity')
          .innerJoin('workspace', 'workspace.account_id', 'identity.account_id')
          .select([
            'identity.id',
            'identity.type',
            'identity.name',
            'identity.display_name',
            'identity.active',
          ])
          .where('workspace.id', '=', workspaceId)
          .where('identity.type', '=', type)
          .where((where) => {
            switch (type) {
              case 'USER':
                return where(sql<string>`lower(identity.name)`, '=', name.toLowerCase())
              case 'SERVICE_PRINCIPAL':
                return where('identity.name', '=', name.toLowerCase())
              case 'GROUP':
                // behaviour 47: exact
                return where('identity.name', '=', name)
            }
          })
          .executeTakeFirst()
        if (row === undefined) return undefined
        const { permission } = await loadMembership(row.id as IdentityId, workspaceId)
        return permission === undefined ? undefined : toIdentity(row)
      }),

    loadMembership: (id, workspaceId) => askSystemDatabase(() => loadMembership(id, workspaceId)),
  }

  /** behaviour 46 and DESIGN §2: an assignment counts directly or through any group above. */
  async function loadMembership(id: IdentityId, workspaceId: WorkspaceId) {
    const { rows } = await sql<{ id: string; permission: 'USER' | 'ADMIN' | null }>`
      WITH RECURSIVE ${ancestorsOf(id)}
      SELECT ancestor.id, assignment.permission
        FROM ancestor
        LEFT JOIN LATERAL ${assignmentOf(sql`ancestor.id`, workspaceId)} AS assignment ON true`.execute(
      database,
    )
    const permissions = rows.map((row) => row.permission)
    return {
      permission: permissions.includes('ADMIN')
        ? ('ADMIN' as const)
        : permissions.includes('USER')
          ? ('USER' as const)
          : undefined,
      groupIds: rows.filter((row) => row.id !== id).map((row) => row.id as IdentityId),
    }
  }
}

export function createServicePrincipalStore(database: SystemDatabase): ServicePrincipalStore {
  const inWorkspace = (workspaceId: WorkspaceId) =>
    database
      .selectFrom('identity')
      .innerJoin('workspace_assignment', 'workspace_assignment.identity_id', 'identity.id')
      .where('workspace_assignment.workspace_id', '=', workspaceId)
      .where('identity.type', '=', 'SERVICE_PRINCIPAL')
  const columns = [
    'identity.id',
    'identity.name',
    'identity.display_name',
    'identity.active',
    'identity.external_id',
  ] as const

  return {
    createServicePrincipal: (principal) =>
      askSystemDatabase(async () => {
        try {
          return await database.transaction().execute(async (transaction) => {
            const row = await transaction
              .insertInto('identity')
              .values({
                account_id: principal.accountId,
                type: 'SERVICE_PRINCIPAL',
                name: principal.applicationId,
                display_name: principal.displayName,
                active: principal.active,
                external_id: principal.externalId ?? null,
              })
              .returning(['id', 'name', 'display_name', 'active', 'external_id'])
              .executeTakeFirstOrThrow()
            await transaction
              .insertInto('workspace_assignment')
              .values({ workspace_id: principal.workspaceId, identity_id: row.id, permission: 'USER' })
              .execute()
            return toServicePrincipal(row)
          })
        } catch (error) {
          if (isUniqueViolation(error)) return undefined
          throw error
        }
      }),

    loadServicePrincipal: (workspaceId, id) =>
      askSystemDatabase(async () => {
        const row = await inWorkspace(workspaceId)
          .where('identity.id', '=', id)
          .select(columns)
          .executeTakeFirst()
        return row === undefined ? undefined : toServicePrincipal(row)
      }),

    listServicePrincipals: (workspaceId, page, filter) =>
      askSystemDatabase(async () => {
        let query = inWorkspace(workspaceId)
        if (filter.applicationId !== undefined)
          query = query.where('identity.name', '=', filter.applicationId.toLowerCase())
        if (filter.displayName !== undefined)
          query = query.where('identity.display_name', '=', filter.displayName)
        const { total } = await query
          .select((select) => select.fn.countAll<string>().as('total'))
          .executeTakeFirstOrThrow()
        const rows = await query
          .select(columns)
          .orderBy('identity.id')
          .offset(page.offset)
          .limit(page.limit)
          .execute()
        return { total: Number(total), servicePrincipals: rows.map(toServicePrincipal) }
      }),

    deleteServicePrincipal: (workspaceId, id) =>
      askSystemDatabase(async () => {
        const result = await database
          .deleteFrom('identity')
          .where('id', '=', id)
          .where('type', '=', 'SERVICE_PRINCIPAL')
          .where('id', 'in', (select) =>
            select
              .selectFrom('workspace_assignment')
              .select('identity_id')
              .where('workspace_id', '=', workspaceId)
              .where('identity_id', '=', id),
          )
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),
  }
}

interface IdentityRow {
  readonly id: string
  readonly type: Identity['type']
  readonly name: string
  readonly display_name: string
  readonly active: boolean
}

export function toIdentity(row: IdentityRow): Identity {
  return {
    id: row.id as IdentityId,
    type: row.type,
    name: row.name,
    displayName: row.display_name,
    active: row.active,
  }
}

export function toPrincipal(row: IdentityRow & { readonly type: Principal['type'] }): Principal {
  return { ...toIdentity(row), type: row.type }
}

function toServicePrincipal(
  row: Omit<IdentityRow, 'type'> & { readonly external_id: string | null },
): ServicePrincipal {
  return {
    ...toIdentity({ ...row, type: 'SERVICE_PRINCIPAL' }),
    type: 'SERVICE_PRINCIPAL',
    applicationId: row.name,
    externalId: row.external_id ?? undefined,
  }
}
