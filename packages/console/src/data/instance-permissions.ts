/** Who may use and manage an instance. */
import type { InstancePermissions } from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { instanceKeys } from './instances.ts'

const pathOf = (instance: string) => `/2.0/permissions/database-instances/${encodeURIComponent(instance)}`

export type PermissionLevel = 'CAN_USE' | 'CAN_MANAGE'

export interface Grant {
  readonly type: 'USER' | 'GROUP' | 'SERVICE_PRINCIPAL'
  readonly name: string
  readonly level: PermissionLevel
}

const NAME_FIELDS = {
  USER: 'user_name',
  GROUP: 'group_name',
  SERVICE_PRINCIPAL: 'service_principal_name',
} as const

/** Requires CAN_USE (`see_permissions`). */
export const instancePermissionsQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'permissions'],
    queryFn: ({ signal }) => get<InstancePermissions>(pathOf(instance), {}, signal),
  })

export interface PermissionChange {
  /** The grants after the change; with `replace` all others are removed. */
  readonly grants: readonly Grant[]
  readonly mode: 'merge' | 'replace'
}

export function useChangePermissions(instance: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ grants, mode }: PermissionChange) =>
      send<InstancePermissions>(mode === 'merge' ? 'PATCH' : 'PUT', pathOf(instance), {
        access_control_list: grants.map(({ type, name, level }) => ({
          [NAME_FIELDS[type]]: name,
          permission_level: level,
        })),
      }),
    onSuccess(answer) {
      queries.setQueryData(instancePermissionsQuery(instance).queryKey, answer)
      return queries.invalidateQueries({ queryKey: [...instanceKeys.one(instance), 'rights'] })
    },
  })
}
