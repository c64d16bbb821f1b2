/** The permissions API, for database instances (wire-contract §4.5, behaviours 58–60). */
import type { InstancePermissions } from '@lakegate/client'
import { z } from 'zod'
import {
  getInstancePermissions,
  setInstancePermissions,
  type InstanceAccess,
  type InstancePermissionPorts,
  type WantedGrant,
} from '../../operations/instance-permissions.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { INSTANCE_PERMISSION_LEVELS } from '../../policy/permissions.ts'
import { refuse } from '../../policy/refusals.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const PATH = '/api/2.0/permissions/database-instances/:name'
const NAME_FIELDS = {
  USER: 'user_name',
  GROUP: 'group_name',
  SERVICE_PRINCIPAL: 'service_principal_name',
} as const

const named = z.object({ name: z.string() })
const list = z.strictObject({
  access_control_list: z
    .array(
      z.strictObject({
        user_name: z.string().optional(),
        group_name: z.string().optional(),
        service_principal_name: z.string().optional(),
        permission_level: z.enum(INSTANCE_PERMISSION_LEVELS),
      }),
    )
    .max(1000)
    .optional(),
})

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
            grants: (body.access_control_list ?? []).map(toGrant),
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

function toGrant(
  entry: NonNullable<z.infer<typeof list>['access_control_list']>[number],
  index: number,
): WantedGrant {
  const given = (['USER', 'GROUP', 'SERVICE_PRINCIPAL'] as const).flatMap((type) => {
    const name = entry[NAME_FIELDS[type]]
    return name === undefined ? [] : [{ type, name, level: entry.permission_level }]
  })
  const [only] = given
  if (only === undefined || given.length > 1) {
    throw new RefusedError(
      refuse('invalid_parameter', {
        field: `access_control_list.${String(index)}`,
        problem: 'name one of user_name, group_name and service_principal_name.',
      }),
    )
  }
  return only
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
      // Administrators of the workspace manage everything in it; it cannot be taken from them.
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
