/**
 * SCIM PATCH (RFC 7644 §3.5.2) as a change of what the directory keeps: read before anything is asked of the directory, and
 * applied where the identity is locked. Operations apply in their order; the forms that identity providers send are all
 * taken: any letter case of `op`, no path, "True" for true.
 */
import { z } from 'zod'
import type { IdentityChange, IdentityRecord } from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import { parseIdentityId, type IdentityId } from '../../domain/ids.ts'
import type { WantedChange } from '../../operations/change-identity.ts'
import type { MembershipChange } from '../../operations/ports/identities.ts'
import { RefusedError } from '../../operations/refused-error.ts'
import { refuse } from '../../policy/refusals.ts'
import {
  ACCOUNT_ADMIN_ROLE,
  KEPT_NOWHERE,
  requireDisplayName,
  requireGroupName,
  requireUserName,
} from './attributes.ts'

const MOST_OPERATIONS = 1000

export const patchBody = z.object({
  schemas: z.array(z.string()).optional(),
  Operations: z
    .array(
      z.strictObject({
        op: z
          .string()
          .toLowerCase()
          .pipe(z.enum(['add', 'remove', 'replace'])),
        path: z.string().max(512).optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(MOST_OPERATIONS),
})
export type PatchBody = z.infer<typeof patchBody>
type Op = PatchBody['Operations'][number]['op']

/** What a PATCH asks for, whatever the identity is like. */
export interface ReadPatch {
  readonly attributes: IdentityChange
  /** The display name was removed: a user or service principal is shown by its name. */
  readonly isDisplayNameRemoved: boolean
  readonly members: MembershipChange | undefined
}

/**
 * @param target what the path of the request names
 * @throws RefusedError invalid_parameter naming the operation that cannot be done
 */
export function readPatch(
  { Operations: operations }: PatchBody,
  target: { readonly type: IdentityType; readonly id: string },
): ReadPatch {
  const reader = new PatchReader(target)
  operations.forEach(({ op, path, value }, index) => {
    const field = `Operations.${String(index)}`
    if (path === undefined || path === '') {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw invalid(`${field}.value`, 'without a path it must be an object of attributes.')
      for (const [name, part] of Object.entries(value)) reader.read(op, name, part, `${field}.value.${name}`)
    } else {
      reader.read(op, path, value, field)
    }
  })
  return reader.result()
}

/** The change that it is for this identity. */
export function applyPatch(
  { attributes, isDisplayNameRemoved, members }: ReadPatch,
  current: Pick<IdentityRecord, 'name'>,
): WantedChange {
  return {
    attributes: isDisplayNameRemoved
      ? { ...attributes, displayName: attributes.name ?? current.name }
      : attributes,
    members,
  }
}

const MEMBER_PATH = /^members\[\s*value\s+eq\s+"([^"]*)"\s*\]$/i
const CORE_PATH = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group|ServicePrincipal):(.+)$/i
/** Also the e-mail address of a user, which is its user name; the order in which the two are changed is anybody's. */
const IGNORED = new Set([...KEPT_NOWHERE, 'schemas', 'emails'].map((name) => name.toLowerCase()))

/** @returns undefined for what is kept nowhere: extensions, and attributes that nobody here has a use for */
function keptName(path: string): string | undefined {
  const name = path.toLowerCase().startsWith('urn:') ? CORE_PATH.exec(path)?.[1] : path
  const [base = ''] = name?.toLowerCase().split(/[.[]/, 1) ?? []
  return IGNORED.has(base) ? undefined : name
}

class PatchReader {
  readonly #target: { readonly type: IdentityType; readonly id: string }
  #attributes: IdentityChange = {}
  #isDisplayNameRemoved = false
  #members:
    { replace: Set<IdentityId> | undefined; add: Set<IdentityId>; remove: Set<IdentityId> } | undefined

  constructor(target: { readonly type: IdentityType; readonly id: string }) {
    this.#target = target
  }

  result(): ReadPatch {
    const members = this.#members
    return {
      attributes: this.#attributes,
      isDisplayNameRemoved: this.#isDisplayNameRemoved,
      members:
        members === undefined
          ? undefined
          : {
              replace: members.replace === undefined ? undefined : [...members.replace],
              add: [...members.add],
              remove: [...members.remove],
            },
    }
  }

  read(op: Op, path: string, value: unknown, field: string): void {
    const name = keptName(path)
    if (name === undefined) return
    const member = MEMBER_PATH.exec(name)
    if (member?.[1] !== undefined) {
      this.#changeMembers(op === 'add' ? 'add' : 'remove', [{ value: member[1] }], field)
      return
    }
    if (/^roles(\[.*\])?$/i.test(name)) {
      this.#changeRoles(op, name, value, field)
      return
    }
    this.#changeAttribute(op, name.toLowerCase(), value, field)
  }

  #changeAttribute(op: Op, name: string, value: unknown, field: string): void {
    const { type, id } = this.#target
    const set = (change: IdentityChange) => {
      this.#attributes = { ...this.#attributes, ...change }
    }
    const isRemoval = op === 'remove'
    switch (name) {
      case 'id':
        // Saying so again is no change.
        if (value === id && !isRemoval) return
        break
      case 'active':
        if (type === 'GROUP') break
        if (isRemoval) throw invalid(field, 'active cannot be removed; set it to false.')
        set({ active: readBoolean(value, field) })
        return
      case 'displayname': {
        // The display name of a group is its name (behaviour 43).
        if (type === 'GROUP') {
          if (isRemoval) break
          const text = requireGroupName(value, field)
          set({ name: text, displayName: text })
        } else {
          this.#isDisplayNameRemoved = isRemoval
          if (!isRemoval) set({ displayName: requireDisplayName(value, field) })
        }
        return
      }
      case 'externalid':
        set({ externalId: isRemoval ? undefined : readText(value, field) })
        return
      case 'members':
        if (type !== 'GROUP') break
        this.#changeMembers(op, value === undefined && isRemoval ? undefined : value, field)
        return
      case 'username':
        if (type !== 'USER' || isRemoval) break
        set({ name: requireUserName(value, field) })
        return
      case 'name':
        if (type !== 'USER' || typeof value !== 'object' || value === null) break
        for (const [part, text] of Object.entries(value))
          this.#changeAttribute(op, `name.${part.toLowerCase()}`, text, field)
        return
      case 'name.givenname':
        if (type !== 'USER') break
        set({ givenName: isRemoval ? undefined : readText(value, field) })
        return
      case 'name.familyname':
        if (type !== 'USER') break
        set({ familyName: isRemoval ? undefined : readText(value, field) })
        return
      case 'entitlements':
      case 'groups':
        if (isEmpty(value)) return
        break
      default:
        // Of a name only the two parts above are kept.
        if (type === 'USER' && name.startsWith('name.')) return
        break
    }
    throw invalid(field, `the attribute ${JSON.stringify(name.slice(0, 64))} cannot be changed by ${op}.`)
  }

  #changeRoles(op: Op, path: string, value: unknown, field: string): void {
    const named = /\[\s*value\s+eq\s+"([^"]*)"\s*\]/i.exec(path)?.[1]
    const roles = named === undefined ? readReferences(value ?? [], field) : [named]
    const unknown = roles.find((role) => role !== ACCOUNT_ADMIN_ROLE)
    if (unknown !== undefined || this.#target.type === 'GROUP')
      throw invalid(field, `the only role is ${ACCOUNT_ADMIN_ROLE}, of users and service principals.`)
    const isNamed = roles.includes(ACCOUNT_ADMIN_ROLE)
    // To add nothing changes nothing; to remove nothing in particular removes all.
    if (op === 'add' && !isNamed) return
    this.#attributes = { ...this.#attributes, isAccountAdmin: op === 'remove' ? false : isNamed }
  }

  #changeMembers(op: Op, value: unknown, field: string): void {
    const members = (this.#members ??= { replace: undefined, add: new Set(), remove: new Set() })
    if (op === 'replace' || value === undefined) {
      members.replace = new Set(value === undefined ? [] : readMemberIds(value, field))
      members.add.clear()
      members.remove.clear()
      return
    }
    for (const id of readMemberIds(value, field)) {
      const [into, outOf] = op === 'add' ? [members.add, members.remove] : [members.remove, members.add]
      into.add(id)
      outOf.delete(id)
      if (op === 'add') members.replace?.add(id)
      else members.replace?.delete(id)
    }
  }
}

export function readMemberIds(value: unknown, field: string): readonly IdentityId[] {
  return readReferences(value, field).map((text) => {
    const id = parseIdentityId(text)
    if (id === undefined)
      throw invalid(field, `${JSON.stringify(text.slice(0, 64))} is not the id of an identity.`)
    return id
  })
}

/** `[{"value": "…"}]`, one such object, or a plain text. */
function readReferences(value: unknown, field: string): readonly string[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((item) => {
    const reference = typeof item === 'object' && item !== null && 'value' in item ? item.value : item
    if (typeof reference !== 'string')
      throw invalid(field, 'it must be a list of objects with a text "value".')
    return reference
  })
}

function readText(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '' || value.length > 256 || value.includes('\u0000'))
    throw invalid(field, 'it must be a text of 1 to 256 characters.')
  return value
}

/** Some identity providers send booleans as texts. */
function readBoolean(value: unknown, field: string): boolean {
  const text = typeof value === 'string' ? value.toLowerCase() : value
  if (text === true || text === 'true') return true
  if (text === false || text === 'false') return false
  throw invalid(field, 'it must be true or false.')
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
const invalid = (field: string, problem: string): RefusedError =>
  new RefusedError(refuse('invalid_parameter', { field, problem }))
