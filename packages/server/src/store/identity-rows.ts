/** Converts rows of the directory to the types of the domain. */
import type { Selectable } from 'kysely'
import type { IdentityRecord } from '../domain/directory.ts'
import type { Identity, Principal } from '../domain/identity.ts'
import type { IdentityId, WorkspaceId } from '../domain/ids.ts'
import type { SystemSchema } from './schema.ts'

export interface IdentityRow {
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

export function toRecord(row: Selectable<SystemSchema['identity']>): IdentityRecord {
  return {
    ...toIdentity(row),
    externalId: row.external_id ?? undefined,
    givenName: row.given_name ?? undefined,
    familyName: row.family_name ?? undefined,
    version: row.version,
    homeWorkspaceId: (row.home_workspace_id ?? undefined) as WorkspaceId | undefined,
    systemGroup: row.system_group ?? undefined,
    isAccountAdmin: row.is_account_admin,
    roles: row.roles,
    entitlements: row.entitlements,
    nameProblem: row.name_problem ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
