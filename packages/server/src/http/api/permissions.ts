/** The permissions API, for database instances (wire-contract §4.5, behaviours 58–60). */
import type { InstancePermissions } from '@lakegate/client'
import { z } from 'zod'
import {
  getInstancePermissions,
  setInstancePermissions,
  type InstanceAccess,
  type InstancePermissionPorts,
} from '../../operations/instances/instance-permissions.ts'
import { INSTANCE_PERMISSION_LEVELS } from '../../policy/permissions.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'
import { accessControlList, NAME_FIELDS, toGrants } from './access-control-list.ts'

const PATH = '/api/2.0/permissions/database-instances/:name'
const named = z.object({ name: z.string() })
const list = accessControlList(INSTANCE_PERMISSION_LEVELS)

const DESCRIPTIONS = {
  CAN_USE: 'Can use the database instance, and add the own role to it',
  CAN_MANAGE: 'Can manage the database instance, its roles and its permissions',
} as const

export function permissionRoutes(ports: InstancePermissionPorts): readonly Route[] {
  const set = (method: 'PUT' | 'PATCH') =>
    defineRoute({
      method,
      path: PATH,
      scopes: [],
      params: named,
      query: anyQuery,
      body: list,
      handle: async ({ params, body, caller }) => ({
        body: show(
          await setInstancePermissions(ports, caller, {
            name: params.name,
            mode: method === 'PUT' ? 'replace' : 'merge',
            grants: toGrants(body),
          }),
        ),
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
        body: show(await getInstancePermissions(ports, caller, params.name)),
      }),
    }),
    set('PUT'),
    set('PATCH'),
    defineRoute({
      method: 'GET',
      path: `${PATH}/permissionLevels`,
      scopes: [],
      params: named,
      query: anyQuery,
      body: noBody,
      handle: () =>
        Promise.resolve({
          body: {
            permission_levels: INSTANCE_PERMISSION_LEVELS.map((level) => ({
              permission_level: level,
              description: DESCRIPTIONS[level],
            })),
          },
        }),
    }),
  ]
}

function show({ instance, owner, grants }: InstanceAccess): InstancePermissions {
  const direct = new Map(grants.map((grant) => [grant.identity.id, grant]))
  if (owner !== undefined) direct.set(owner.id, { identity: owner, level: 'CAN_MANAGE' })
  return {
    object_id: `/database-instances/${instance.name}`,
    object_type: 'database-instances',
    access_control_list: [
      ...[...direct.values()].map(({ identity, level }) => ({
        [NAME_FIELDS[identity.type]]: identity.name,
        display_name: identity.displayName,
        all_permissions: [{ permission_level: level, inherited: false }],
      })),
      // Administrators of the workspace manage everything in it; this cannot be revoked.
      {
        group_name: 'admins',
        display_name: 'admins',
        all_permissions: [
          {
            permission_level: 'CAN_MANAGE',
            inherited: true,
            inherited_from_object: ['/database-instances/'],
          },
        ],
      },
    ],
  }
}
