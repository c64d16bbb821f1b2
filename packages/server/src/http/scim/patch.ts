/**
 * SCIM PATCH (RFC 7644 §3.5.2) as a change of the directory: parsed before the directory is queried, and applied while
 * the identity is locked. Operations apply in their order. All forms that identity providers send are accepted: any
 * letter case of `op`, no path, "True" for true.
 */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { ElementFilter, IdentityChange, IdentityRecord, KeptValue } from '../../domain/directory.ts'
import type { IdentityType } from '../../domain/identity.ts'
import { parseIdentityId, type IdentityId } from '../../domain/ids.ts'
import type { WantedChange } from '../../operations/directory/change-identity.ts'
import type { MembershipChange } from '../../operations/ports/identities.ts'
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import {
  ACCOUNT_ADMIN_ROLE,
  isCoreSchema,
  isUnassigned,
  KEPT_NOWHERE,
  readBoolean,
  requireDisplayName,
  requireGroupName,
  requireUserName,
} from './attributes.ts'
import { readElementFilter, valuesNamedBy } from './element-filter.ts'
import { GrammarError, parsePath, type ChangedPath } from './grammar.ts'
import { joinRoles, readListEdit, splitRoles, type ListEdit } from './kept-values.ts'

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
        path: z.string().max(512).nullish(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(MOST_OPERATIONS),
})
export type PatchBody = z.infer<typeof patchBody>
type Op = PatchBody['Operations'][number]['op']

/** The parsed PATCH, independent of the identity. */
export interface ReadPatch {
  readonly attributes: IdentityChange
  /** The display name was removed: a user or service principal is then shown by its name. */
  readonly isDisplayNameRemoved: boolean
  readonly members: MembershipChange | undefined
  /** In their order; the result depends on the current list. */
  readonly roles: readonly ListEdit[]
  readonly entitlements: readonly ListEdit[]
}

/**
 * @param target the resource that the path of the request names
 * @throws RefusedError invalid_parameter naming the operation that is not possible
 */
export function readPatch(
  { Operations: operations }: PatchBody,
  target: { readonly type: IdentityType; readonly id: string },
): ReadPatch {
  const reader = new PatchReader(target)
  operations.forEach(({ op, path, value }, index) => {
    const field = `Operations.${String(index)}`
    if (path === undefined || path === null || path === '') {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw invalid(`${field}.value`, 'without a path it must be an object of attributes.')
      for (const [name, part] of Object.entries(value)) reader.read(op, name, part, `${field}.value.${name}`)
    } else {
      reader.read(op, path, value, field)
    }
  })
  return reader.result()
}

/** The resulting change for this identity. @throws RefusedError invalid_parameter when a list becomes too long */
export function applyPatch(
  { attributes, isDisplayNameRemoved, members, roles, entitlements }: ReadPatch,
  current: Pick<IdentityRecord, 'name' | 'isAccountAdmin' | 'roles' | 'entitlements'>,
): WantedChange {
  const edited = (list: readonly KeptValue[], edits: readonly ListEdit[]) =>
    edits.reduce((values, edit) => edit(values), list)
  const split = splitRoles(edited(joinRoles(current), roles))
  const kept = edited(current.entitlements, entitlements)
  return {
    attributes: {
      ...attributes,
      ...(isDisplayNameRemoved ? { displayName: attributes.name ?? current.name } : {}),
      ...(roles.length === 0 ? {} : { isAccountAdmin: split.isAccountAdmin }),
      ...(isDeepStrictEqual(split.roles, current.roles) ? {} : { roles: split.roles }),
      ...(isDeepStrictEqual(kept, current.entitlements) ? {} : { entitlements: kept }),
    },
    members,
  }
}

/** Includes the e-mail address of a user, which is the user name: providers change the two in either order. */
const IGNORED = new Set([...KEPT_NOWHERE, 'schemas', 'emails'].map((name) => name.toLowerCase()))
/** Up to the condition, which may hold a colon. Reads the text once: a key of a value is as long as the body allows. */
const URN = /^(urn:[^[]*):[^:[]+(?:\[.*)?$/is

/** @returns undefined for attributes that are stored nowhere: extensions, and attributes that have no use here */
function readKept(text: string, field: string): ChangedPath | undefined {
  // Extensions may use any names for their parts.
  if (/^urn:/i.test(text) && !isCoreSchema(URN.exec(text)?.[1])) return undefined
  const path = inField(field, () => parsePath(text))
  const [base = ''] = path.attribute.name.split('.', 1)
  return IGNORED.has(base) ? undefined : path
}

class PatchReader {
  readonly #target: { readonly type: IdentityType; readonly id: string }
  readonly #lists = { roles: [] as ListEdit[], entitlements: [] as ListEdit[] }
  readonly #members = new MembersReader()
  #attributes: IdentityChange = {}
  #isDisplayNameRemoved = false

  constructor(target: { readonly type: IdentityType; readonly id: string }) {
    this.#target = target
  }

  result(): ReadPatch {
    return {
      attributes: this.#attributes,
      isDisplayNameRemoved: this.#isDisplayNameRemoved,
      members: this.#members.result(),
      ...this.#lists,
    }
  }

  read(op: Op, text: string, value: unknown, field: string): void {
    const path = readKept(text, field)
    if (path === undefined) return
    const { name } = path.attribute
    const { element: expression } = path
    const element = expression && inField(field, () => readElementFilter(expression))
    switch (name) {
      case 'roles':
      case 'entitlements':
        // Adding nothing changes nothing (RFC 7643 §2.5).
        if (op === 'add' && isUnassigned(value) && element === undefined) return
        this.#changeList(name, readListEdit(op, { element, part: path.part }, value, field), field)
        return
      case 'members':
        if (this.#target.type !== 'GROUP') throw cannotChange(name, op, field)
        this.#members.read(op, { element, part: path.part }, value, field)
        return
      default:
        if (element !== undefined) throw invalid(field, `${JSON.stringify(name)} is not a list.`)
        this.#changeAttribute(op, name, value, field)
    }
  }

  #changeAttribute(op: Op, name: string, given: unknown, field: string): void {
    const { type, id } = this.#target
    const set = (change: IdentityChange) => {
      this.#attributes = { ...this.#attributes, ...change }
    }
    const value = name === 'name' ? given : single(given)
    // RFC 7643 §2.5: replacing by null removes the attribute, and adding null changes nothing.
    if (op === 'add' && isUnassigned(value)) return
    const isRemoval = op === 'remove' || isUnassigned(value)
    switch (name) {
      case 'id':
        // Setting the same id again is no change.
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
      case 'username':
        if (type !== 'USER' || isRemoval) break
        set({ name: requireUserName(value, field) })
        return
      case 'name': {
        if (type !== 'USER') break
        const parts = isRemoval ? { givenName: null, familyName: null } : value
        if (typeof parts !== 'object') break
        for (const [part, text] of Object.entries(parts))
          this.#changeAttribute(op, `name.${part.toLowerCase()}`, text, field)
        return
      }
      case 'name.givenname':
        if (type !== 'USER') break
        set({ givenName: isRemoval ? undefined : readText(value, field) })
        return
      case 'name.familyname':
        if (type !== 'USER') break
        set({ familyName: isRemoval ? undefined : readText(value, field) })
        return
      case 'groups':
        if (isEmpty(given)) return
        break
      default:
        // Of a user's name only the two parts above are stored.
        if (type === 'USER' && name.startsWith('name.')) return
        break
    }
    throw cannotChange(name, op, field)
  }

  #changeList(name: 'roles' | 'entitlements', edit: ListEdit, field: string): void {
    if (name === 'roles' && this.#target.type === 'GROUP' && splitRoles(edit([])).isAccountAdmin)
      throw invalid(field, `${ACCOUNT_ADMIN_ROLE} is a role of users and service principals.`)
    this.#lists[name].push(edit)
  }
}

/** Combines the operations on members into one equivalent change. */
class MembersReader {
  #changed:
    { replace: Set<IdentityId> | undefined; add: Set<IdentityId>; remove: Set<IdentityId> } | undefined
  #removeWhere: ElementFilter | undefined

  result(): MembershipChange | undefined {
    if (this.#changed === undefined && this.#removeWhere === undefined) return undefined
    const { replace, add = [], remove = [] } = this.#changed ?? {}
    return {
      replace: replace === undefined ? undefined : [...replace],
      add: [...add],
      remove: [...remove],
      ...(this.#removeWhere === undefined ? {} : { removeWhere: this.#removeWhere }),
    }
  }

  read(
    op: Op,
    { element, part }: { readonly element: ElementFilter | undefined; readonly part: string | undefined },
    value: unknown,
    field: string,
  ): void {
    if (element === undefined) {
      if (op === 'replace' || (op === 'remove' && isUnassigned(value))) this.#replaceAll(value, field)
      else this.#change(op, isUnassigned(value) ? [] : readMemberIds(value, field))
      return
    }
    if (part !== undefined && part !== 'value')
      throw invalid(field, 'only the value of a member can be changed.')
    const named = valuesNamedBy(element)
    if (op === 'add') {
      if (named === undefined) throw invalid(field, 'members are added by their ids.')
      this.#change('add', readMemberIds([...named], field))
      return
    }
    if (named === undefined) this.#describe(element, field)
    else this.#change('remove', readMemberIds([...named], field))
    if (op === 'replace' && !isUnassigned(value)) this.#change('add', readMemberIds(value, field))
  }

  #replaceAll(value: unknown, field: string): void {
    this.#removeWhere = undefined
    this.#changed = {
      replace: new Set(isUnassigned(value) ? [] : readMemberIds(value, field)),
      add: new Set(),
      remove: new Set(),
    }
  }

  #change(op: 'add' | 'remove', ids: readonly IdentityId[]): void {
    const changed = (this.#changed ??= { replace: undefined, add: new Set(), remove: new Set() })
    for (const id of ids) {
      const [into, outOf] = op === 'add' ? [changed.add, changed.remove] : [changed.remove, changed.add]
      into.add(id)
      outOf.delete(id)
      if (op === 'add') changed.replace?.add(id)
      else changed.replace?.delete(id)
    }
  }

  /** Members that are described by a filter are looked up in the directory, and before all other changes. */
  #describe(element: ElementFilter, field: string): void {
    if (this.#changed !== undefined)
      throw invalid(field, 'put operations that remove members by a filter before other changes of members.')
    this.#removeWhere =
      this.#removeWhere === undefined ? element : { kind: 'or', left: this.#removeWhere, right: element }
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

/**
 * Some clients write an attribute with one value as a list of one, or as an object with a `value` (Okta, for
 * Databricks).
 */
function single(value: unknown): unknown {
  const [one, ...more] = Array.isArray(value) ? (value as unknown[]) : [value]
  if (more.length > 0) return value
  return typeof one === 'object' && one !== null && 'value' in one ? one.value : (one ?? value)
}

const isEmpty = (value: unknown): boolean =>
  isUnassigned(value) || value === '' || (Array.isArray(value) && value.length === 0)
const cannotChange = (name: string, op: Op, field: string): RefusedError =>
  invalid(field, `the attribute ${JSON.stringify(name.slice(0, 64))} cannot be changed by ${op}.`)

function inField<Result>(field: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error
    throw invalid(field, error.message)
  }
}

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
