/** Users, service principals and groups as SCIM resources: what may be written, and how they are shown. */
import type { ScimGroup, ScimReference, ScimServicePrincipal, ScimUser, ScimValue } from '@lakegate/client'
import { z } from 'zod'
import type {
  GroupReference,
  IdentityChange,
  IdentityRecord,
  IdentityReference,
  KeptValue,
} from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { NewIdentity } from '../../operations/ports/identities.ts'
import { refused } from '../../operations/refused-error.ts'
import {
  ACCOUNT_ADMIN_ROLE,
  groupName,
  isUnassigned,
  KEPT_NOWHERE,
  readBoolean,
  text,
  userName,
} from './attributes.ts'
import { joinRoles, readValues, splitRoles } from './kept-values.ts'
import { readMemberIds } from './patch.ts'

export type ScimResource = ScimUser | ScimServicePrincipal | ScimGroup

/** The validated input, the same for POST and PUT. Undefined means that the attribute was not sent. */
export interface WrittenIdentity {
  /** User name, application id or name of the group. */
  readonly name: string | undefined
  readonly displayName: string | undefined
  readonly active: boolean | undefined
  readonly externalId: string | undefined
  readonly givenName: string | undefined
  readonly familyName: string | undefined
  readonly roles: readonly KeptValue[] | undefined
  readonly entitlements: readonly KeptValue[] | undefined
  readonly members: readonly IdentityId[]
}

export interface ResourceType {
  readonly type: IdentityType
  /** `Users` in `/scim/v2/Users` */
  readonly path: 'Users' | 'ServicePrincipals' | 'Groups'
  readonly body: z.ZodType<WrittenIdentity>
}

const ignored = Object.fromEntries(
  [...KEPT_NOWHERE, 'groups', 'emails'].map((name) => [name, z.unknown().optional()]),
)
const boolean = z
  .unknown()
  .transform((value) => readBoolean(value, 'active'))
  .optional()
const valuesOf = (field: string) =>
  z
    .unknown()
    .transform((value) => readValues(value, field))
    .optional()

const common = {
  ...ignored,
  schemas: z.array(z.string()).optional(),
  id: z.string().optional(),
  displayName: text.optional(),
  active: boolean,
  externalId: text.optional(),
  roles: valuesOf('roles'),
  entitlements: valuesOf('entitlements'),
}

/**
 * The attributes of a shape in their canonical spelling, whatever letter case was sent (RFC 7643 §2.1), without
 * unassigned ones (§2.5). Extensions are named by their URN (§3.3); any other unknown attribute is refused.
 */
const attributesOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape, extra: 'refused' | 'ignored') => {
  const spelling = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]))
  return z
    .unknown()
    .transform((value, context) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const known = new Map<string, unknown>()
      const refuse = (key: string, message: string) => {
        context.addIssue({ code: 'custom', path: [key], message })
      }
      for (const [key, attribute] of Object.entries(value)) {
        if (isUnassigned(attribute)) continue
        const name = spelling.get(key.toLowerCase())
        if (name !== undefined && known.has(name)) refuse(key, 'this field is there twice.')
        else if (name !== undefined) known.set(name, attribute)
        else if (extra === 'refused' && !key.toLowerCase().startsWith('urn:'))
          refuse(key, 'this field is not known.')
      }
      return Object.fromEntries(known)
    })
    .pipe(z.object(shape))
}

const userBody = attributesOf(
  {
    ...common,
    userName,
    name: attributesOf({ givenName: text.optional(), familyName: text.optional() }, 'ignored').optional(),
  },
  'refused',
).transform((body): WrittenIdentity => {
  const parts = [body.name?.givenName?.trim(), body.name?.familyName?.trim()].filter(Boolean).join(' ')
  return {
    ...writtenOf(body),
    name: body.userName,
    displayName: body.displayName ?? (parts === '' ? undefined : parts),
    givenName: body.name?.givenName,
    familyName: body.name?.familyName,
  }
})

const servicePrincipalBody = attributesOf(
  { ...common, applicationId: z.guid().toLowerCase().optional() },
  'refused',
).transform((body): WrittenIdentity => ({ ...writtenOf(body), name: body.applicationId }))

const groupBody = attributesOf(
  { ...common, displayName: groupName, members: z.array(z.unknown()).max(10_000).optional() },
  'refused',
).transform((body): WrittenIdentity => {
  if (splitRoles(body.roles ?? []).isAccountAdmin) {
    const problem = `${ACCOUNT_ADMIN_ROLE} is a role of users and service principals.`
    throw refused('invalid_parameter', { field: 'roles', problem })
  }
  return {
    ...writtenOf(body),
    name: body.displayName,
    // Groups have no such attribute.
    active: undefined,
    members: readMemberIds(body.members ?? [], 'members'),
  }
})

export const RESOURCE_TYPES: readonly ResourceType[] = [
  { type: 'USER', path: 'Users', body: userBody },
  { type: 'SERVICE_PRINCIPAL', path: 'ServicePrincipals', body: servicePrincipalBody },
  { type: 'GROUP', path: 'Groups', body: groupBody },
]

const writtenOf = (
  body: Partial<Pick<WrittenIdentity, 'displayName' | 'active' | 'externalId' | 'roles' | 'entitlements'>>,
): Omit<WrittenIdentity, 'name'> => ({
  displayName: body.displayName,
  active: body.active,
  externalId: body.externalId,
  givenName: undefined,
  familyName: undefined,
  roles: body.roles,
  entitlements: body.entitlements,
  members: [],
})

/**
 * POST. A service principal without an application id gets one; an identity without a display name is shown by its
 * name.
 */
export function creation(
  written: WrittenIdentity,
  randomUuid: () => string,
): Omit<NewIdentity, 'accountId' | 'homeWorkspaceId' | 'type'> {
  const name = written.name ?? randomUuid()
  return {
    name,
    displayName: written.displayName ?? name,
    active: written.active ?? true,
    externalId: written.externalId,
    givenName: written.givenName,
    familyName: written.familyName,
    ...splitRoles(written.roles ?? []),
    entitlements: written.entitlements,
  }
}

/**
 * PUT: everything that can be written becomes as written, except that an application id never changes. `active`, rights
 * and the stored lists change only when they are sent: identity providers replace whole users and know nothing of
 * roles.
 */
export function replacement(
  written: WrittenIdentity,
  current: IdentityRecord,
): { readonly attributes: IdentityChange; readonly replaceMembers: readonly IdentityId[] | undefined } {
  const name = current.type === 'SERVICE_PRINCIPAL' ? current.name : (written.name ?? current.name)
  return {
    attributes: {
      name,
      displayName: written.displayName ?? name,
      externalId: written.externalId,
      givenName: written.givenName,
      familyName: written.familyName,
      ...(written.active === undefined ? {} : { active: written.active }),
      ...(written.roles === undefined
        ? {}
        : current.type === 'GROUP'
          ? { roles: written.roles }
          : splitRoles(written.roles)),
      ...(written.entitlements === undefined ? {} : { entitlements: written.entitlements }),
    },
    replaceMembers: current.type === 'GROUP' ? written.members : undefined,
  }
}

const SCHEMA_PREFIX = 'urn:ietf:params:scim:schemas:core:2.0:'
const PATHS: Readonly<Record<IdentityType, ResourceType['path']>> = {
  USER: 'Users',
  SERVICE_PRINCIPAL: 'ServicePrincipals',
  GROUP: 'Groups',
}

/** Weak, because two representations of one version may contain different attributes. */
export const etagOf = ({ version }: Pick<IdentityRecord, 'version'>): string => `W/"${version}"`
/** @returns the version that an If-Match header requires; undefined when it requires none */
export const versionOf = (ifMatch: string | undefined): string | undefined =>
  ifMatch === undefined || ifMatch.trim() === '*'
    ? undefined
    : (/^(?:W\/)?"(\d{1,19})"$/.exec(ifMatch.trim())?.[1] ?? '0')

export function toScim(
  record: IdentityRecord,
  related: {
    readonly groups: readonly GroupReference[]
    readonly members: readonly IdentityReference[]
    readonly accountId: string
  },
): ScimResource {
  const base = {
    id: record.id,
    displayName: record.displayName,
    ...(record.externalId === undefined ? {} : { externalId: record.externalId }),
    groups: related.groups.map((group) => reference(group, group.isDirect ? 'direct' : 'indirect')),
    ...(record.nameProblem === undefined ? {} : { nameProblem: record.nameProblem }),
    roles: joinRoles(record).map(showValue),
    entitlements: record.entitlements.map(showValue),
    meta: {
      resourceType:
        record.systemGroup === undefined ? PATHS[record.type].slice(0, -1) : ('WorkspaceGroup' as const),
      created: record.createdAt.toISOString(),
      lastModified: record.updatedAt.toISOString(),
      version: etagOf(record),
    },
  }
  switch (record.type) {
    case 'USER':
      return {
        schemas: [`${SCHEMA_PREFIX}User`],
        ...base,
        userName: record.name,
        active: record.active,
        name: {
          ...(record.givenName === undefined ? {} : { givenName: record.givenName }),
          ...(record.familyName === undefined ? {} : { familyName: record.familyName }),
        },
        emails: [{ value: record.name, type: 'work', primary: true }],
        account_id: related.accountId,
      }
    case 'SERVICE_PRINCIPAL':
      return {
        schemas: [`${SCHEMA_PREFIX}ServicePrincipal`],
        ...base,
        applicationId: record.name,
        active: record.active,
        account_id: related.accountId,
      }
    case 'GROUP':
      return {
        schemas: [`${SCHEMA_PREFIX}Group`],
        ...base,
        members: related.members.map((member) => reference(member, PATHS[member.type].slice(0, -1))),
        account_id: related.accountId,
      }
  }
}

const showValue = ({ value, display, type, primary }: KeptValue): ScimValue => ({
  value,
  ...(display === undefined ? {} : { display }),
  ...(type === undefined ? {} : { type }),
  ...(primary === undefined ? {} : { primary }),
})

const reference = (to: IdentityReference, type: string): ScimReference => ({
  value: to.id,
  display: to.displayName,
  $ref: `${PATHS[to.type]}/${to.id}`,
  type,
})
