/** A filter over identities as SQL: attribute names become columns of a fixed list, values become parameters. */
import { sql, type RawBuilder } from 'kysely'
import type { Comparison, FilterAttribute, IdentityFilter } from '../domain/directory.ts'

type Condition = RawBuilder<boolean>

/** Text is compared without regard to letter case unless the attribute is exact (RFC 7643 §2.2). */
const COLUMNS: Readonly<
  Record<
    Exclude<FilterAttribute, 'member'>,
    { readonly column: RawBuilder<unknown>; readonly kind: 'exact' | 'folded' | 'time' | 'boolean' }
  >
> = {
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

export function filterCondition(filter: IdentityFilter): Condition {
  switch (filter.kind) {
    case 'and':
      return sql<boolean>`(${filterCondition(filter.left)} AND ${filterCondition(filter.right)})`
    case 'or':
      return sql<boolean>`(${filterCondition(filter.left)} OR ${filterCondition(filter.right)})`
    case 'not':
      // An attribute without a value does not match, so its negation does.
      return sql<boolean>`(${filterCondition(filter.operand)}) IS NOT TRUE`
    case 'present':
      return filter.attribute === 'member'
        ? sql<boolean>`EXISTS (SELECT FROM group_member WHERE group_id = identity.id)`
        : sql<boolean>`${COLUMNS[filter.attribute].column} IS NOT NULL`
    case 'compare':
      return compare(filter)
  }
}

/** The column to sort by; undefined for what has no order. */
export const orderColumn = (attribute: FilterAttribute): RawBuilder<unknown> | undefined =>
  attribute === 'member' ? undefined : COLUMNS[attribute].column

/**
 * Whether the filter can only match a handful of rows, found by an index. The others are looked for from the
 * workspace downwards, these from the identity upwards.
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

function compare({ attribute, comparison, value }: Extract<IdentityFilter, { kind: 'compare' }>): Condition {
  if (attribute === 'member') {
    const isMember = sql<boolean>`EXISTS (
      SELECT FROM group_member WHERE group_id = identity.id AND member_id::text = ${String(value)})`
    return comparison === 'ne' ? sql<boolean>`NOT ${isMember}` : isMember
  }
  const { column, kind } = COLUMNS[attribute]
  if (value === null) {
    return comparison === 'ne' ? sql<boolean>`${column} IS NOT NULL` : sql<boolean>`${column} IS NULL`
  }
  const operator = OPERATORS[comparison]
  if (kind === 'boolean') return sql<boolean>`${column} ${operator} ${value === true || value === 'true'}`
  if (kind === 'time') return sql<boolean>`${column} ${operator} ${String(value)}::timestamptz`
  const text = kind === 'folded' ? String(value).toLowerCase() : String(value)
  // Ids are stored as numbers; asked for as text they would not be found by their index.
  if (attribute === 'id' && comparison === 'eq' && /^[1-9]\d{0,17}$/.test(text))
    return sql<boolean>`identity.id = ${text}::bigint`
  return sql<boolean>`${column} ${operator} ${pattern(comparison, text)}`
}

const PATTERNS: Readonly<Partial<Record<Comparison, (literal: string) => string>>> = {
  co: (literal) => `%${literal}%`,
  sw: (literal) => `${literal}%`,
  ew: (literal) => `%${literal}`,
}

/** What the operator compares with: the text itself, or a pattern in which it stands for itself. */
function pattern(comparison: Comparison, text: string): string {
  return PATTERNS[comparison]?.(text.replace(/[\\%_]/g, (special) => `\\${special}`)) ?? text
}
