/** The permissions API for directories: a bundle with top-level `permissions` sets them on its own directory. */
import type { DirectoryPermissions } from '@lakegate/client'
import { z } from 'zod'
import {
  confirmDirectoryAccess,
  getDirectoryAccess,
  type DirectoryAccess,
  type DirectoryAccessPorts,
} from '../../operations/workspaces/workspace-directory-access.ts'
import { DIRECTORY_PERMISSION_LEVELS } from '../../policy/workspace-files.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'
import { accessControlList, NAME_FIELDS, toGrants } from './access-control-list.ts'

const PATH = '/api/2.0/permissions/directories/:id'
const named = z.object({ id: z.string() })

export function directoryPermissionRoutes(ports: DirectoryAccessPorts): readonly Route[] {
  const set = (method: 'PUT' | 'PATCH') =>
    defineRoute({
      method,
      path: PATH,
      scopes: [],
      params: named,
      query: anyQuery,
      body: accessControlList(DIRECTORY_PERMISSION_LEVELS),
      handle: async ({ params, body, caller }) => ({
        body: show(await confirmDirectoryAccess(ports, caller, { id: params.id, grants: toGrants(body) })),
      }),
    })
  return [
    defineRoute({
      method: 'GET',
      path: PATH,
      scopes: [],
      params: named,
      query: anyQuery,
      body: noBody,
      handle: async ({ params, caller }) => ({
        body: show(await getDirectoryAccess(ports, caller, params.id)),
      }),
    }),
    set('PUT'),
    set('PATCH'),
  ]
}

function show({ id, owner }: DirectoryAccess): DirectoryPermissions {
  const inherited = (from: string) => [
    { permission_level: 'CAN_MANAGE' as const, inherited: true, inherited_from_object: [from] },
  ]
  return {
    object_id: `/directories/${id}`,
    object_type: 'directory',
    access_control_list: [
      {
        [NAME_FIELDS[owner.type]]: owner.name,
        display_name: owner.displayName,
        all_permissions: inherited(`/directories/${owner.id}`),
      },
      { group_name: 'admins', display_name: 'admins', all_permissions: inherited('/directories/') },
    ],
  }
}
