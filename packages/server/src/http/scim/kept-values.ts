/**
 * Lists that are stored as they are written: `roles` and `entitlements`. The same rules apply to creating, replacing
 * and patching. On the wire, the role of an account administrator is one of `roles`; internally it is a right of its
 * own (domain/directory.ts).
 */
import type { ElementFilter, KeptValue } from '../../domain/directory.ts'
import { findUnseen } from '../../domain/names.ts'
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import { ACCOUNT_ADMIN_ROLE, isUnassigned, readBoolean } from './attributes.ts'
import { describedBy, isLike } from './element-filter.ts'

const MOST_VALUES = 100
const LONGEST_TEXT = 256

/** Applies one PATCH operation to a list. */
export type ListEdit = (current: readonly KeptValue[]) => readonly KeptValue[]

/** `[{"value": "…"}]`, one such object, or a plain text. @throws RefusedError invalid_parameter */
export function readValues(value: unknown, field: string): readonly KeptValue[] {
  if (isUnassigned(value)) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return bounded(
    list.filter((item) => !saysNothing(item)).map((item) => readElement(partsOf(item, field), field)),
    field,
  )
}

/** Terraform's provider sends `[{}]` for a resource without entitlements: a list of one without a value. */
const saysNothing = (item: unknown): boolean =>
  typeof item === 'object' &&
  item !== null &&
  !Array.isArray(item) &&
  Object.values(item).every((part) => isUnassigned(part) || part === '')

/** @param target which elements the operation is about, and which part of them; undefined means the list itself */
export function readListEdit(
  op: 'add' | 'remove' | 'replace',
  target: { readonly element: ElementFilter | undefined; readonly part: string | undefined },
  value: unknown,
  field: string,
): ListEdit {
  const { element, part } = target
  const isRemoval = op === 'remove' || (op === 'replace' && isUnassigned(value) && element === undefined)
  if (element === undefined) {
    const values = readValues(value, field)
    if (!isRemoval) return op === 'add' ? (current) => bounded([...current, ...values], field) : () => values
    // Removing without a value removes everything (RFC 7644 §3.5.2.2).
    if (isUnassigned(value) || (Array.isArray(value) && value.length === 0)) return () => []
    return (current) => current.filter((kept) => !values.some((gone) => isSame(gone, kept)))
  }
  if (isRemoval && (part === undefined || part === 'value'))
    return (current) => current.filter((kept) => !isLike(element, kept))
  const change = isRemoval
    ? { [part ?? '']: undefined }
    : part === undefined
      ? partsOf(value, field)
      : { [part]: value }
  // An invalid value is refused before anything is looked up.
  readElement({ value: 'x', ...describedBy(element), ...change }, field)
  return (current) => {
    const changed = current.map((kept) =>
      isLike(element, kept) ? readElement({ ...kept, ...change }, field) : kept,
    )
    // Identity providers put the wanted element in brackets, even if it does not exist yet (Entra ID: roles[primary eq
    // "True"].value).
    const isThere = current.some((kept) => isLike(element, kept))
    return isThere || isRemoval
      ? bounded(changed, field)
      : bounded([...current, readElement({ ...describedBy(element), ...change }, field)], field)
  }
}

const isAccountAdmin = ({ value }: KeptValue): boolean => value.toLowerCase() === ACCOUNT_ADMIN_ROLE

/** Splits `roles` into the right of an account administrator and the roles that are only stored. */
export const splitRoles = (
  roles: readonly KeptValue[],
): { readonly isAccountAdmin: boolean; readonly roles: readonly KeptValue[] } => ({
  isAccountAdmin: roles.some(isAccountAdmin),
  roles: roles.filter((role) => !isAccountAdmin(role)),
})
export const joinRoles = (record: {
  readonly isAccountAdmin: boolean
  readonly roles: readonly KeptValue[]
}): readonly KeptValue[] => [
  ...(record.isAccountAdmin ? [{ value: ACCOUNT_ADMIN_ROLE }] : []),
  ...record.roles,
]

function partsOf(item: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof item === 'string') return { value: item }
  if (isUnassigned(item)) return {}
  if (typeof item !== 'object' || Array.isArray(item))
    throw invalid(field, 'it must be a list of objects with a text "value".')
  return Object.fromEntries(Object.entries(item).map(([name, part]) => [name.toLowerCase(), part as unknown]))
}

function readElement(parts: Readonly<Record<string, unknown>>, field: string): KeptValue {
  const { value, display, type, primary } = parts
  // Other systems may grant rights by it, so only characters are allowed that cannot be mistaken for others.
  if (typeof value !== 'string' || !/^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(value))
    throw invalid(field, 'it must be a list of objects with a "value" of 1 to 256 ASCII characters.')
  return {
    value,
    ...(isUnassigned(display) || display === '' ? {} : { display: readText(display, field) }),
    ...(isUnassigned(type) || type === '' ? {} : { type: readText(type, field) }),
    ...(isUnassigned(primary) ? {} : { primary: readBoolean(primary, field) }),
  }
}

function readText(text: unknown, field: string): string {
  if (typeof text !== 'string' || text.length > LONGEST_TEXT)
    throw invalid(field, `each text may have at most ${String(LONGEST_TEXT)} characters.`)
  const problem = findUnseen(text)
  if (problem !== undefined) throw invalid(field, problem)
  return text
}

/** Keeps each value once; the last one wins. */
function bounded(values: readonly KeptValue[], field: string): readonly KeptValue[] {
  const kept = [...new Map(values.map((one) => [one.value.toLowerCase(), one])).values()]
  if (kept.length > MOST_VALUES) throw invalid(field, `it has at most ${String(MOST_VALUES)} elements.`)
  return kept
}

const isSame = (one: KeptValue, other: KeptValue): boolean =>
  one.value.toLowerCase() === other.value.toLowerCase()

const invalid = (field: string, problem: string): RefusedError =>
  refused('invalid_parameter', { field, problem })
