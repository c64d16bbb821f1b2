/** Roles of an instance, whom they are bound to, and those as which the caller could log in now. */
import type {
  DatabaseInstanceRole,
  ListDatabaseInstanceRolesResponse,
  SignInRolesAnswer,
} from '@lakegate/client'
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, send } from './api.ts'
import { instanceKeys } from './instances.ts'
import { getAllPages } from './pages-of.ts'

/** Asks for CAN_USE (`see_roles`), and for an instance that runs. */
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

/** For everybody in the workspace, of an instance that runs. */
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

/** What a caller sets; the rest stays as it is. */
export interface RoleSettings {
  readonly attributes: Partial<Record<RoleAttribute, boolean>>
  /** Membership in `databricks_superuser`. */
  readonly isSuperuser: boolean
}

export interface NewRole extends RoleSettings {
  readonly name: string
  readonly type: RoleIdentityType
  /** A role that is there already, to be bound to the identity. */
  readonly existingRole?: string
}

const pathOf = (instance: string): string => `/2.0/database/instances/${encodeURIComponent(instance)}/roles`

/** Everything that shows roles, and the rights of whoever was given one. */
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

/** Also what «Show as API call» shows. */
const createRoleBody = ({ name, type, attributes, isSuperuser, existingRole }: NewRole) => ({
  name,
  identity_type: type,
  // A role that is there already keeps the attributes that its cluster gave it.
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

/** @param reassignOwnedTo takes over what the role owns */
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
