/** A filter over identities as SQL: attribute names become columns of a fixed list, values become parameters. */
import { sql, type RawBuilder } from 'kysely'
import type {
  AttributeCondition,
  Comparison,
  ElementAttribute,
  ElementFilter,
  FilterAttribute,
  FilteredList,
  IdentityFilter,
} from '../domain/directory.ts'
import { foldFilter, type Filter } from '../domain/filter.ts'

type Condition = RawBuilder<boolean>
interface Column {
  readonly column: RawBuilder<unknown>
  readonly kind: 'exact' | 'folded' | 'time' | 'boolean'
}

/** Text is compared case-insensitively unless the attribute is case-exact (RFC 7643 §2.2). */
const COLUMNS: Readonly<Record<Exclude<FilterAttribute, 'member'>, Column>> = {
  id: { column: sql`identity.id::text`, kind: 'exact' },
  name: { column: sql`lower(identity.name)`, kind: 'folded' },
  displayName: { column: sql`lower(identity.display_name)`, kind: 'folded' },
  active: { column: sql`identity.active`, kind: 'boolean' },
  externalId: { column: sql`identity.external_id`, kind: 'exact' },
  givenName: { column: sql`lower(identity.given_name)`, kind: 'folded' },
  familyName: { column: sql`lower(identity.family_name)`, kind: 'folded' },
  nameProblem: { column: sql`identity.name_problem`, kind: 'exact' },
  createdAt: { column: sql`identity.created_at`, kind: 'time' },
  updatedAt: { column: sql`identity.updated_at`, kind: 'time' },
}

/** Members as rows `element`. Their ids are numbers in the table and text in the filter. */
const MEMBER_COLUMNS: Readonly<Record<ElementAttribute, Column>> = {
  value: { column: sql`element.id::text`, kind: 'exact' },
  display: { column: sql`lower(element.display_name)`, kind: 'folded' },
  type: { column: sql`lower(replace(element.type, '_', ''))`, kind: 'folded' },
  primary: { column: sql`NULL::boolean`, kind: 'boolean' },
}
const KEPT_COLUMNS: Readonly<Record<ElementAttribute, Column>> = {
  value: { column: sql`lower(element.value)`, kind: 'folded' },
  display: { column: sql`lower(element.display)`, kind: 'folded' },
  type: { column: sql`lower(element.type)`, kind: 'folded' },
  primary: { column: sql`element."primary"`, kind: 'boolean' },
}
const kept = (list: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`jsonb_to_recordset(${list}) AS element (value text, display text, type text, "primary" boolean)`
/** The elements of each list of an `identity`, as a FROM item. */
const ELEMENTS: Readonly<Record<FilteredList, RawBuilder<unknown>>> = {
  members: sql`group_member JOIN identity AS element ON element.id = group_member.member_id
    AND group_member.group_id = identity.id`,
  entitlements: kept(sql`identity.entitlements`),
  roles: kept(sql`identity.roles || CASE WHEN identity.is_account_admin
    THEN '[{"value": "account_admin"}]' ELSE '[]' END::jsonb`),
}

export function filterCondition(filter: IdentityFilter): Condition {
  return conditionOf(filter, (leaf) => {
    if (leaf.kind === 'always') return leaf.value ? sql<boolean>`true` : sql<boolean>`false`
    if (leaf.kind === 'some') {
      const columns = leaf.of === 'members' ? MEMBER_COLUMNS : KEPT_COLUMNS
      const inside = conditionOf(leaf.element, (about) => compare(columns[about.attribute], about))
      return sql<boolean>`EXISTS (SELECT FROM ${ELEMENTS[leaf.of]} WHERE ${inside})`
    }
    return leaf.attribute === 'member' ? compareMember(leaf) : compareOwn(leaf, leaf.attribute)
  })
}

/** A condition on `element`, the row of a member. */
export const memberCondition = (filter: ElementFilter): Condition =>
  conditionOf(filter, (about) => compare(MEMBER_COLUMNS[about.attribute], about))

function conditionOf<Leaf extends { readonly kind: string }>(
  filter: Filter<Leaf>,
  condition: (leaf: Leaf) => Condition,
): Condition {
  return foldFilter(filter, {
    and: (left, right) => sql<boolean>`(${left} AND ${right})`,
    or: (left, right) => sql<boolean>`(${left} OR ${right})`,
    // An attribute without a value does not match, so its negation does.
    not: (operand) => sql<boolean>`(${operand}) IS NOT TRUE`,
    condition,
  })
}

/** The column to sort by; undefined for an attribute without an order. */
export const orderColumn = (attribute: FilterAttribute): RawBuilder<unknown> | undefined =>
  attribute === 'member' ? undefined : COLUMNS[attribute].column

/**
 * Whether the filter can match only a handful of rows, found by an index. For such a filter the query goes upwards from
 * the identity to the workspace, for all others downwards from the workspace.
 */
export function isNarrow(filter: IdentityFilter | undefined): boolean {
  if (filter === undefined) return false
  if (filter.kind === 'and') return isNarrow(filter.left) || isNarrow(filter.right)
  if (filter.kind === 'or') return isNarrow(filter.left) && isNarrow(filter.right)
  return (
    filter.kind === 'compare' &&
    filter.comparison === 'eq' &&
    ['id', 'name', 'displayName', 'externalId'].includes(filter.attribute)
  )
}

const OPERATORS: Readonly<Record<Comparison, RawBuilder<unknown>>> = {
  eq: sql`=`,
  ne: sql`IS DISTINCT FROM`,
  co: sql`LIKE`,
  sw: sql`LIKE`,
  ew: sql`LIKE`,
  gt: sql`>`,
  ge: sql`>=`,
  lt: sql`<`,
  le: sql`<=`,
}

function compareMember(about: AttributeCondition<FilterAttribute>): Condition {
  if (about.kind === 'present')
    return sql<boolean>`EXISTS (SELECT FROM group_member WHERE group_id = identity.id)`
  // `ne` means that the group does not have this member, not that it has another one.
  const isWithout = about.comparison === 'ne'
  const comparison = isWithout ? 'eq' : about.comparison
  const { value } = about
  const isMember = sql<boolean>`EXISTS (
    SELECT FROM group_member WHERE group_id = identity.id
       AND ${compare({ column: sql`member_id::text`, kind: 'exact' }, { ...about, comparison, value })})`
  return isWithout ? sql<boolean>`NOT ${isMember}` : isMember
}

function compareOwn(about: AttributeCondition<FilterAttribute>, attribute: keyof typeof COLUMNS): Condition {
  // Ids are stored as numbers; compared as text they could not use their index.
  const isId = about.kind === 'compare' && attribute === 'id' && about.comparison === 'eq'
  if (isId && typeof about.value === 'string' && /^[1-9]\d{0,17}$/.test(about.value))
    return sql<boolean>`identity.id = ${about.value}::bigint`
  return compare(COLUMNS[attribute], about)
}

function compare({ column, kind }: Column, about: AttributeCondition<string>): Condition {
  if (about.kind === 'present') return sql<boolean>`${column} IS NOT NULL`
  const { comparison, value } = about
  if (value === null)
    return comparison === 'ne' ? sql<boolean>`${column} IS NOT NULL` : sql<boolean>`${column} IS NULL`
  const operator = OPERATORS[comparison]
  if (kind === 'boolean') return sql<boolean>`${column} ${operator} ${String(value).toLowerCase() === 'true'}`
  if (kind === 'time') return sql<boolean>`${column} ${operator} ${String(value)}::timestamptz`
  const text = kind === 'folded' ? String(value).toLowerCase() : String(value)
  return sql<boolean>`${column} ${operator} ${pattern(comparison, text)}`
}

const PATTERNS: Readonly<Partial<Record<Comparison, (literal: string) => string>>> = {
  co: (literal) => `%${literal}%`,
  sw: (literal) => `${literal}%`,
  ew: (literal) => `%${literal}`,
}

/** The operand: the text itself, or a pattern in which its characters are literal. */
function pattern(comparison: Comparison, text: string): string {
  return PATTERNS[comparison]?.(text.replace(/[\\%_]/g, (special) => `\\${special}`)) ?? text
}
