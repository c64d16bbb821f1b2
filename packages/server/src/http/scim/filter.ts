/**
 * Translates SCIM filters (RFC 7644 §3.4.2.2) into filters of the directory. Attribute names are looked up in a fixed
 * list, so the text of a caller never becomes SQL (attack 35).
 */
import type {
  AttributeCondition,
  ElementFilter,
  FilterAttribute,
  FilteredList,
  IdentityFilter,
} from '../../domain/directory.ts'
import { foldFilter } from '../../domain/filter.ts'
import type { IdentityType } from '../../domain/identity.ts'
import { refused } from '../../operations/refused-error.ts'
import { isCoreSchema } from './attributes.ts'
import { isLike, readElementFilter } from './element-filter.ts'
import {
  GrammarError,
  parseExpression,
  parsePath,
  type AttributePath,
  type Condition,
  type ElementExpression,
  type Expression,
} from './grammar.ts'

/** Attribute names may be in any letter case (RFC 7643 §2.1). */
const ATTRIBUTES: Readonly<Record<IdentityType, Readonly<Record<string, FilterAttribute>>>> = {
  USER: {
    username: 'name',
    'emails.value': 'name',
    'name.givenname': 'givenName',
    'name.familyname': 'familyName',
  },
  SERVICE_PRINCIPAL: { applicationid: 'name' },
  GROUP: {},
}
const COMMON_ATTRIBUTES: Readonly<Record<string, FilterAttribute>> = {
  id: 'id',
  displayname: 'displayName',
  active: 'active',
  externalid: 'externalId',
  nameproblem: 'nameProblem',
  'meta.created': 'createdAt',
  'meta.lastmodified': 'updatedAt',
}

const LISTS: readonly FilteredList[] = ['members', 'roles', 'entitlements']
/** Complex attributes whose parts are listed above. Only these, lists and the emails of a user may have brackets. */
const COMPLEX = ['name', 'meta']
/** The only address of a user, without its value, which is the user name. */
const OWN_ADDRESS = { value: '', type: 'work', primary: true }

/** @throws RefusedError invalid_parameter naming `sortBy` */
export function parseSortBy(text: string | undefined, type: IdentityType): FilterAttribute | undefined {
  if (text === undefined || text === '') return undefined
  return inField('sortBy', () => {
    const { attribute: path, element } = parsePath(text)
    const attribute = element === undefined ? attributeOf(path, type) : undefined
    if (attribute === undefined || attribute === 'member')
      throw new GrammarError('there is no such attribute to sort by.')
    return attribute
  })
}

/** @throws RefusedError invalid_parameter naming `filter` */
export function parseFilter(text: string | undefined, type: IdentityType): IdentityFilter | undefined {
  if (text === undefined || text.trim() === '') return undefined
  return inField('filter', () => readFilter(parseExpression(text), type))
}

function inField<Result>(field: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error
    throw refused('invalid_parameter', { field, problem: error.message })
  }
}

const readFilter = (expression: Expression, type: IdentityType): IdentityFilter =>
  fold(expression, (condition) =>
    condition.kind === 'element' ? readElement(condition, type) : readOwn(condition, type),
  )

/** Simplifies conditions that are the same for every identity. */
const fold = (expression: Expression, condition: (condition: Condition) => IdentityFilter): IdentityFilter =>
  foldFilter<Condition, IdentityFilter>(expression, {
    and: (left, right) => join('and', left, right),
    or: (left, right) => join('or', left, right),
    not: (operand) => (operand.kind === 'always' ? always(!operand.value) : { kind: 'not', operand }),
    condition,
  })

function join(kind: 'and' | 'or', left: IdentityFilter, right: IdentityFilter): IdentityFilter {
  // With `and`, a false operand decides and a true one is dropped; with `or` the other way around.
  const deciding = kind === 'or'
  if (left.kind === 'always') return left.value === deciding ? left : right
  if (right.kind === 'always') return right.value === deciding ? right : left
  return { kind, left, right }
}

const always = (value: boolean): IdentityFilter => ({ kind: 'always', value })

function readElement({ of, element, rest }: ElementExpression, type: IdentityType): IdentityFilter {
  requireCoreSchema(of)
  if (COMPLEX.includes(of.name) || (of.name === 'emails' && type === 'USER')) {
    // The attribute has only one element, so all conditions are about that one.
    const inside = (expression: Expression): IdentityFilter =>
      fold(expression, (condition) => {
        if (condition.kind === 'element') throw new GrammarError('there are no brackets inside brackets.')
        return readPart(of.name, condition, type)
      })
    return rest === undefined ? inside(element) : join('and', inside(element), inside(rest))
  }
  const list = listOf(of.name, type)
  if (list === undefined) throw unknown(of.name)
  const described = readElementFilter(element)
  return some(
    list,
    rest === undefined ? described : { kind: 'and', left: described, right: readElementFilter(rest) },
  )
}

function readOwn(condition: AttributeCondition<AttributePath>, type: IdentityType): IdentityFilter {
  requireCoreSchema(condition.attribute)
  const { name } = condition.attribute
  const [base = '', part] = name.split('.', 2)
  if (base === 'emails' && type === 'USER') return readPart(base, renamed(condition, part ?? 'value'), type)
  const list = listOf(base, type)
  if (list !== undefined) return some(list, readElementFilter(renamed(condition, part ?? 'value')))
  return readCondition(condition, attributeOf(condition.attribute, type))
}

function readPart(
  of: string,
  condition: AttributeCondition<AttributePath>,
  type: IdentityType,
): IdentityFilter {
  const { name } = condition.attribute
  if (of === 'emails' && name !== 'value')
    return always(isLike(readElementFilter(renamed(condition, name)), OWN_ADDRESS))
  const path = { name: `${of}.${name}`, schema: undefined }
  return readCondition({ ...condition, attribute: path }, attributeOf(path, type))
}

const renamed = (
  condition: AttributeCondition<AttributePath>,
  name: string,
): AttributeCondition<AttributePath> => ({ ...condition, attribute: { name, schema: undefined } })

function some(of: FilteredList, element: ElementFilter): IdentityFilter {
  // Identity providers ask this about every member; it is answered without reading the members themselves.
  if (of === 'members' && element.kind === 'present' && element.attribute === 'value')
    return { kind: 'present', attribute: 'member' }
  if (of === 'members' && element.kind === 'compare' && element.attribute === 'value')
    return { ...element, attribute: 'member' }
  return { kind: 'some', of, element }
}

const listOf = (name: string, type: IdentityType): FilteredList | undefined =>
  LISTS.find((list) => list === name && (list !== 'members' || type === 'GROUP'))

function attributeOf(path: AttributePath, type: IdentityType): FilterAttribute | undefined {
  if (!isCoreSchema(path.schema)) return undefined
  const known = { ...COMMON_ATTRIBUTES, ...ATTRIBUTES[type] }
  return Object.hasOwn(known, path.name) ? known[path.name] : undefined
}

function requireCoreSchema({ name, schema }: AttributePath): void {
  if (!isCoreSchema(schema)) throw unknown(name)
}

function readCondition(
  condition: AttributeCondition<AttributePath>,
  attribute: FilterAttribute | undefined,
): IdentityFilter {
  if (attribute === undefined) throw unknown(condition.attribute.name)
  if (condition.kind === 'present') return { kind: 'present', attribute }
  const { comparison, value } = condition
  if (attribute === 'active' && !['eq', 'ne'].includes(comparison))
    throw new GrammarError('active can be compared with eq and ne only.')
  if (attribute === 'createdAt' || attribute === 'updatedAt') {
    const isTime =
      typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value))
    if (!isTime || ['co', 'sw', 'ew'].includes(comparison))
      throw new GrammarError(
        'a time is compared by eq, ne, gt, ge, lt or le with a text such as "2026-01-31T12:00:00Z".',
      )
  }
  return { ...condition, attribute }
}

const unknown = (name: string): GrammarError =>
  new GrammarError(`there is no attribute ${JSON.stringify(name.slice(0, 64))} to filter by.`)
