/**
 * Roles of database instances (wire-contract §1). The role name is the rest of the path: names may be e-mail addresses
 * and contain spaces and slashes, and not all clients escape them.
 */
import type { DatabaseInstanceRole, ListDatabaseInstanceRolesResponse } from '@lakegate/client'
import { z } from 'zod'
import { IDENTITY_TYPES } from '../../domain/identity.ts'
import { bindExistingRole } from '../../operations/roles/bind-existing-role.ts'
import {
  createInstanceRole,
  deleteInstanceRole,
  getInstanceRole,
  listInstanceRoles,
  updateInstanceRole,
  type InstanceRolePorts,
} from '../../operations/roles/manage-instance-roles.ts'
import type { InstanceRole, RoleChange } from '../../operations/ports/instance-roles.ts'
import { refused } from '../../operations/refused-error.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { anyQuery, noBody } from '../shapes.ts'

const COLLECTION = '/api/2.0/database/instances/:instance/roles'
const ONE = `${COLLECTION}/*`
const SCOPES = ['postgres']

const ofInstance = z.object({ instance: z.string() })
const ofRole = z.object({ instance: z.string(), '*': z.string() })
const queryBoolean = z
  .enum(['true', 'false'], 'must be true or false.')
  .transform((text) => text === 'true')
  .optional()

const attributes = z.strictObject({
  bypassrls: z.boolean().optional(),
  createdb: z.boolean().optional(),
  createrole: z.boolean().optional(),
  /** Lakegate's own addition. */
  replication: z.boolean().optional(),
})
const roleBody = z.strictObject({
  name: z.string().max(256).optional(),
  identity_type: z
    .string()
    .toUpperCase()
    .pipe(z.enum([...IDENTITY_TYPES, 'PG_ONLY']))
    .optional(),
  membership_role: z.enum(['DATABRICKS_SUPERUSER'], 'there is only DATABRICKS_SUPERUSER.').nullish(),
  attributes: attributes.optional(),
  // Sent by SDKs that send back what they read from here.
  effective_attributes: z.unknown().optional(),
  identity_id: z.unknown().optional(),
  instance_name: z.string().optional(),
  /** Lakegate's own addition: an existing role that is to be bound to the identity (attached clusters). */
  existing_role: z.string().max(256).optional(),
})

export function databaseInstanceRoleRoutes(ports: InstanceRolePorts): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: COLLECTION,
      scopes: SCOPES,
      params: ofInstance,
      query: anyQuery,
      body: roleBody,
      async handle({ params: { instance }, body, caller }) {
        if (body.existing_role !== undefined) {
          const bound = await bindExistingRole(ports, caller, {
            instance,
            role: body.existing_role,
            name: body.name ?? missing('name'),
            type: body.identity_type ?? 'PG_ONLY',
          })
          return { body: show(bound, instance) }
        }
        const created = await createInstanceRole(ports, caller, {
          instance,
          name: body.name ?? missing('name'),
          type: body.identity_type ?? 'PG_ONLY',
          change: toChange(body),
        })
        return { body: show(created, instance) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: COLLECTION,
      scopes: SCOPES,
      params: ofInstance,
      query: z.looseObject({
        page_size: z.coerce.number('must be a whole number.').int().min(0).optional(),
        page_token: z.string().max(512).optional(),
      }),
      body: noBody,
      async handle({ params: { instance }, query, caller }) {
        const { roles, next } = await listInstanceRoles(ports, caller, {
          instance,
          after:
            query.page_token === undefined || query.page_token === ''
              ? undefined
              : Buffer.from(query.page_token, 'base64url').toString('utf8'),
          size: query.page_size === 0 ? undefined : query.page_size,
        })
        const answer: ListDatabaseInstanceRolesResponse = {
          database_instance_roles: roles.map((role) => show(role, instance)),
          ...(next === undefined ? {} : { next_page_token: Buffer.from(next).toString('base64url') }),
        }
        return { body: answer }
      },
    }),
    defineRoute({
      method: 'GET',
      path: ONE,
      scopes: SCOPES,
      params: ofRole,
      query: anyQuery,
      body: noBody,
      handle: async ({ params: { instance, '*': role }, caller }) => ({
        body: show(await getInstanceRole(ports, caller, { instance, role }), instance),
      }),
    }),
    defineRoute({
      method: 'PATCH',
      path: ONE,
      scopes: SCOPES,
      params: ofRole,
      query: anyQuery,
      body: roleBody,
      async handle({ params: { instance, '*': role }, body, caller }) {
        if (body.name !== undefined && body.name !== role) {
          throw refused('invalid_parameter', { field: 'name', problem: 'a role cannot be renamed.' })
        }
        const updated = await updateInstanceRole(ports, caller, {
          instance,
          role,
          type: body.identity_type,
          change: toChange(body),
        })
        return { body: show(updated, instance) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: ONE,
      scopes: SCOPES,
      params: ofRole,
      query: z.looseObject({
        allow_missing: queryBoolean,
        reassign_owned_to: z.string().max(256).optional(),
      }),
      body: noBody,
      async handle({ params: { instance, '*': role }, query, caller }) {
        await deleteInstanceRole(ports, caller, {
          instance,
          role,
          allowMissing: query.allow_missing ?? false,
          reassignOwnedTo: query.reassign_owned_to === '' ? undefined : query.reassign_owned_to,
        })
        return { body: {} }
      },
    }),
  ]
}

const toChange = (body: z.infer<typeof roleBody>): RoleChange => ({
  attributes: {
    ...(body.attributes?.createdb === undefined ? {} : { createdb: body.attributes.createdb }),
    ...(body.attributes?.createrole === undefined ? {} : { createrole: body.attributes.createrole }),
    ...(body.attributes?.bypassrls === undefined ? {} : { bypassrls: body.attributes.bypassrls }),
    ...(body.attributes?.replication === undefined ? {} : { replication: body.attributes.replication }),
  },
  // Absent: it stays as it is. Null removes it.
  ...(body.membership_role === undefined ? {} : { isDatabricksSuperuser: body.membership_role !== null }),
})

function show(role: InstanceRole, instance: string): DatabaseInstanceRole {
  return {
    name: role.name,
    identity_type: role.binding?.type ?? 'PG_ONLY',
    ...(role.binding === undefined ? {} : { identity_id: role.binding.id }),
    ...(role.isDatabricksSuperuser ? { membership_role: 'DATABRICKS_SUPERUSER' as const } : {}),
    attributes: showAttributes(role.attributes),
    effective_attributes: showAttributes(role.attributes),
    instance_name: instance,
  }
}

/** The vendor's three attributes are always shown. */
const showAttributes = ({ replication, ...attributes }: InstanceRole['attributes']) => ({
  ...attributes,
  ...(replication ? { replication } : {}),
})

function missing(field: string): never {
  throw refused('invalid_parameter', { field, problem: 'is missing.' })
}
