/** Roles of an instance, and those as which the caller could log in now. */
import type { ListDatabaseInstanceRolesResponse, SignInRolesAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'
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
