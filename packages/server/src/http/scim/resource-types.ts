/** Users, service principals and groups as SCIM resources: what may be written, and how one is shown. */
import type { ScimGroup, ScimReference, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import { z } from 'zod'
import type { IdentityChange, IdentityRecord, IdentityReference } from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { NewIdentity } from '../../operations/ports/identities.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import { ACCOUNT_ADMIN_ROLE, groupName, KEPT_NOWHERE, text, userName } from './attributes.ts'
import { readMemberIds } from './patch.ts'

export type ScimResource = ScimUser | ScimServicePrincipal | ScimGroup

/** What came in, checked; the same for POST and PUT. */
export interface WrittenIdentity {
  readonly identity: Omit<NewIdentity, 'accountId' | 'homeWorkspaceId' | 'type'>
  readonly isActiveGiven: boolean
  readonly areRolesGiven: boolean
  readonly members: readonly IdentityId[]
}

export interface ResourceType {
  readonly type: IdentityType
  /** `Users` in `/scim/v2/Users` */
  readonly path: 'Users' | 'ServicePrincipals' | 'Groups'
  readonly body: z.ZodType<WrittenIdentity>
}

const references = z.array(z.looseObject({ value: z.string() })).max(10_000)
const nothingInside = z.array(z.unknown()).max(0, 'Lakegate has none; leave it out.').optional()

const ignored = Object.fromEntries([...KEPT_NOWHERE, 'groups'].map((name) => [name, z.unknown().optional()]))

const common = {
  ...ignored,
  schemas: z.array(z.string()).optional(),
  id: z.string().optional(),
  displayName: text.optional(),
  active: z.boolean().optional(),
  externalId: text.nullish(),
  roles: references.optional(),
  entitlements: nothingInside,
}

/** Extensions of a schema are named by their URN (RFC 7643 §3.3); whatever else is not known is refused. */
const withExtensions = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.looseObject(shape).superRefine((value, context) => {
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(shape, key) && !key.toLowerCase().startsWith('urn:'))
        context.addIssue({ code: 'custom', path: [key], message: 'this field is not known.' })
    }
  })

const userBody = withExtensions({
  ...common,
  userName,
  name: z
    .looseObject({ givenName: text.nullish(), familyName: text.nullish(), formatted: z.string().nullish() })
    .optional(),
  emails: references.optional(),
  password: z.undefined('users choose their password themselves, by an invitation link.').optional(),
}).transform((body): WrittenIdentity => ({
  identity: {
    name: body.userName,
    displayName:
      body.displayName ??
      ([body.name?.givenName?.trim(), body.name?.familyName?.trim()].filter(Boolean).join(' ') ||
        body.userName),
    active: body.active ?? true,
    externalId: body.externalId ?? undefined,
    givenName: body.name?.givenName ?? undefined,
    familyName: body.name?.familyName ?? undefined,
    isAccountAdmin: readRoles(body.roles),
  },
  isActiveGiven: body.active !== undefined,
  areRolesGiven: body.roles !== undefined,
  members: [],
}))

const servicePrincipalBody = (randomUuid: () => string) =>
  withExtensions({ ...common, applicationId: z.guid().toLowerCase().optional() }).transform(
    (body): WrittenIdentity => {
      const applicationId = body.applicationId ?? randomUuid()
      return {
        identity: {
          name: applicationId,
          displayName: body.displayName ?? applicationId,
          active: body.active ?? true,
          externalId: body.externalId ?? undefined,
          givenName: undefined,
          familyName: undefined,
          isAccountAdmin: readRoles(body.roles),
        },
        isActiveGiven: body.active !== undefined,
        areRolesGiven: body.roles !== undefined,
        members: [],
      }
    },
  )

const groupBody = withExtensions({
  ...common,
  displayName: groupName,
  members: references.optional(),
  roles: nothingInside,
}).transform((body): WrittenIdentity => ({
  identity: {
    name: body.displayName,
    displayName: body.displayName,
    active: true,
    externalId: body.externalId ?? undefined,
    givenName: undefined,
    familyName: undefined,
    isAccountAdmin: false,
  },
  isActiveGiven: false,
  areRolesGiven: false,
  members: body.members === undefined ? [] : readMemberIds(body.members, 'members'),
}))

export const resourceTypes = (randomUuid: () => string): readonly ResourceType[] => [
  { type: 'USER', path: 'Users', body: userBody },
  { type: 'SERVICE_PRINCIPAL', path: 'ServicePrincipals', body: servicePrincipalBody(randomUuid) },
  { type: 'GROUP', path: 'Groups', body: groupBody },
]

function readRoles(roles: readonly { readonly value: string }[] | undefined): boolean {
  const unknown = roles?.find(({ value }) => value !== ACCOUNT_ADMIN_ROLE)
  if (unknown !== undefined)
    throw new RefusedError(
      refuse('invalid_parameter', { field: 'roles', problem: `the only role is ${ACCOUNT_ADMIN_ROLE}.` }),
    )
  return roles !== undefined && roles.length > 0
}

/**
 * PUT: everything that can be written becomes as written; an application id is for ever. Access and rights change only
 * by a word about them: identity providers replace whole users and know nothing of the roles of an account.
 */
export function replacement(
  written: WrittenIdentity,
  current: IdentityRecord,
): { readonly attributes: IdentityChange; readonly replaceMembers: readonly IdentityId[] | undefined } {
  const { identity } = written
  return {
    attributes: {
      displayName: identity.displayName,
      externalId: identity.externalId,
      givenName: identity.givenName,
      familyName: identity.familyName,
      ...(written.areRolesGiven ? { isAccountAdmin: identity.isAccountAdmin } : {}),
      ...(current.type === 'SERVICE_PRINCIPAL' ? {} : { name: identity.name }),
      ...(written.isActiveGiven ? { active: identity.active } : {}),
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

/** Weak, because two representations of one version may differ in what was asked for. */
export const etagOf = ({ version }: Pick<IdentityRecord, 'version'>): string => `W/"${version}"`
/** @returns the version that an If-Match header demands; undefined when it demands none */
export const versionOf = (ifMatch: string | undefined): string | undefined =>
  ifMatch === undefined || ifMatch.trim() === '*'
    ? undefined
    : (/^(?:W\/)?"(\d{1,19})"$/.exec(ifMatch.trim())?.[1] ?? '0')

export function toScim(
  record: IdentityRecord,
  related: {
    readonly groups: readonly IdentityReference[]
    readonly members: readonly IdentityReference[]
    readonly accountId: string
  },
): ScimResource {
  const base = {
    id: record.id,
    displayName: record.displayName,
    ...(record.externalId === undefined ? {} : { externalId: record.externalId }),
    groups: related.groups.map((group) => reference(group, 'direct')),
    ...(record.nameProblem === undefined ? {} : { nameProblem: record.nameProblem }),
    roles: record.isAccountAdmin ? [{ value: ACCOUNT_ADMIN_ROLE }] : [],
    entitlements: [],
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
        members: related.members.map((member) => reference(member)),
        account_id: related.accountId,
      }
  }
}

function reference(to: IdentityReference, type?: string): ScimReference {
  return {
    value: to.id,
    display: to.displayName,
    $ref: `${PATHS[to.type]}/${to.id}`,
    ...(type === undefined ? {} : { type }),
  }
}
