/** The access control list of an instance as rows: principal, level, and the reason if a row cannot be changed. */
import type { DatabaseInstance, InstancePermissions } from '@lakegate/client'
import type { Grant, PermissionLevel } from '../../../data/instance-permissions.ts'

export interface PermissionRow extends Grant {
  readonly displayName: string
  readonly source: 'direct' | 'admins'
}

type Entry = InstancePermissions['access_control_list'][number]

export const rowsOf = ({ access_control_list: entries }: InstancePermissions): readonly PermissionRow[] =>
  entries.flatMap((entry) => {
    const principal = principalOf(entry)
    const [permission] = entry.all_permissions
    if (principal === undefined || permission === undefined) return []
    return [
      {
        ...principal,
        level: permission.permission_level,
        displayName: entry.display_name,
        source: permission.inherited ? ('admins' as const) : ('direct' as const),
      },
    ]
  })

function principalOf(entry: Entry): Pick<Grant, 'type' | 'name'> | undefined {
  if (entry.user_name !== undefined) return { type: 'USER', name: entry.user_name }
  if (entry.group_name !== undefined) return { type: 'GROUP', name: entry.group_name }
  if (entry.service_principal_name !== undefined)
    return { type: 'SERVICE_PRINCIPAL', name: entry.service_principal_name }
  return undefined
}

export const keyOf = ({ type, name }: Pick<Grant, 'type' | 'name'>): string => `${type} ${name}`

export const isOwner = (row: PermissionRow, instance: Pick<DatabaseInstance, 'creator'>): boolean =>
  row.source === 'direct' && row.type !== 'GROUP' && row.name === instance.creator

/** All grants, for a request that replaces them; inherited levels are not grants. */
export const grantsOf = (rows: readonly PermissionRow[]): readonly Grant[] =>
  rows.filter(({ source }) => source === 'direct').map(({ type, name, level }) => ({ type, name, level }))

export const withLevel = (row: PermissionRow, level: PermissionLevel): Grant => ({
  type: row.type,
  name: row.name,
  level,
})
