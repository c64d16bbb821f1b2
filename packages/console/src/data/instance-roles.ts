/** Roles of an instance, the identities to which they are bound, and the roles as which the caller could log in now. */
import type {
  DatabaseInstanceRole,
  ListDatabaseInstanceRolesResponse,
  SignInRolesAnswer,
} from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { instanceKeys } from './instances.ts'
import { getAllPages } from './pages-of.ts'

/** Requires CAN_USE (`see_roles`), and a running instance. */
export const instanceRolesQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'roles'],
    queryFn: ({ signal }) =>
      getAllPages(
        `/2.0/database/instances/${encodeURIComponent(instance)}/roles`,
        (page: Partial<ListDatabaseInstanceRolesResponse>) => page.database_instance_roles,
        signal,
      ),
  })

/** For everybody in the workspace; requires a running instance. */
export const signInRolesQuery = (instance: string) =>
  queryOptions({
    queryKey: [...instanceKeys.one(instance), 'sign-in-roles'],
    queryFn: ({ signal }) =>
      get<SignInRolesAnswer>(
        `/2.0/lakegate/instances/${encodeURIComponent(instance)}/sign-in-roles`,
        {},
        signal,
      ),
  })

export type RoleIdentityType = DatabaseInstanceRole['identity_type']
export type RoleAttribute = 'createdb' | 'createrole' | 'bypassrls' | 'replication'

/** The settings that a caller changes; all others stay as they are. */
export interface RoleSettings {
  readonly attributes: Partial<Record<RoleAttribute, boolean>>
  /** Membership in `databricks_superuser`. */
  readonly isSuperuser: boolean
}

export interface NewRole extends RoleSettings {
  readonly name: string
  readonly type: RoleIdentityType
  /** An existing role that is to be bound to the identity. */
  readonly existingRole?: string
}

const pathOf = (instance: string): string => `/2.0/database/instances/${encodeURIComponent(instance)}/roles`

/** Invalidates everything that shows roles, and the rights of an identity that was given one. */
export function useRolesChanged(instance: string): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries({ queryKey: instanceKeys.one(instance) })
}

export function useCreateRole(instance: string) {
  const changed = useRolesChanged(instance)
  return useMutation({ mutationFn: (role: NewRole) => createRole(instance, role), onSuccess: changed })
}

export const createRole = (instance: string, role: NewRole): Promise<DatabaseInstanceRole> =>
  send('POST', pathOf(instance), createRoleBody(role))

/** Also shown by «Show as API call». */
const createRoleBody = ({ name, type, attributes, isSuperuser, existingRole }: NewRole) => ({
  name,
  identity_type: type,
  // An existing role keeps the attributes that it has in its cluster.
  ...(existingRole === undefined
    ? {
        ...(isSuperuser ? { membership_role: 'DATABRICKS_SUPERUSER' } : {}),
        ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
      }
    : { existing_role: existingRole }),
})

export const changeRole = (instance: string, role: string, settings: RoleSettings) =>
  send<DatabaseInstanceRole>('PATCH', `${pathOf(instance)}/${encodeURIComponent(role)}`, {
    attributes: settings.attributes,
    membership_role: settings.isSuperuser ? 'DATABRICKS_SUPERUSER' : null,
  })

/** @param reassignOwnedTo role that takes over what the dropped role owns */
export function useDropRole(instance: string) {
  const changed = useRolesChanged(instance)
  return useMutation({
    mutationFn: ({ role, reassignOwnedTo }: { role: string; reassignOwnedTo: string | undefined }) =>
      send('DELETE', `${pathOf(instance)}/${encodeURIComponent(role)}`, undefined, {
        query: { reassign_owned_to: reassignOwnedTo },
      }),
    onSuccess: changed,
  })
}
