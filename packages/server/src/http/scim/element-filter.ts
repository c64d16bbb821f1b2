/** The expression in brackets after a list: conditions on one of its elements, for filters and PATCH paths alike. */
import {
  ELEMENT_ATTRIBUTES,
  type AttributeCondition,
  type ElementAttribute,
  type ElementFilter,
  type KeptValue,
} from '../../domain/directory.ts'
import { foldFilter } from '../../domain/filter.ts'
import { GrammarError, type Condition, type Expression } from './grammar.ts'

/** @throws GrammarError */
export function readElementFilter(expression: Expression): ElementFilter {
  return foldFilter<Condition, ElementFilter>(expression, {
    and: (left, right) => ({ kind: 'and', left, right }),
    or: (left, right) => ({ kind: 'or', left, right }),
    not: (operand) => ({ kind: 'not', operand }),
    condition: readCondition,
  })
}

function readCondition(leaf: Condition): AttributeCondition<ElementAttribute> {
  if (leaf.kind === 'element') throw new GrammarError('there are no brackets inside brackets.')
  const { name, schema } = leaf.attribute
  const attribute = ELEMENT_ATTRIBUTES.find((known) => known === name)
  if (attribute === undefined || schema !== undefined)
    throw new GrammarError(
      `an element has no attribute ${JSON.stringify(name.slice(0, 64))}; use ${ELEMENT_ATTRIBUTES.join(', ')}.`,
    )
  if (attribute === 'primary' && leaf.kind === 'compare' && !['eq', 'ne'].includes(leaf.comparison))
    throw new GrammarError('primary can be compared with eq and ne only.')
  return { ...leaf, attribute }
}

/** All comparisons ignore letter case (RFC 7643 §2.2), as in the system database (store/identity-filter.ts). */
export const isLike = (filter: ElementFilter, element: KeptValue): boolean =>
  foldFilter<AttributeCondition<ElementAttribute>, boolean>(filter, {
    and: (left, right) => left && right,
    or: (left, right) => left || right,
    not: (operand) => !operand,
    condition(about) {
      const found = element[about.attribute]
      if (about.kind === 'present') return found !== undefined
      if (about.value === null) return (found === undefined) !== (about.comparison === 'ne')
      if (found === undefined) return about.comparison === 'ne'
      const [left, right] = [String(found).toLowerCase(), String(about.value).toLowerCase()]
      switch (about.comparison) {
        case 'eq':
          return left === right
        case 'ne':
          return left !== right
        case 'co':
          return left.includes(right)
        case 'sw':
          return left.startsWith(right)
        case 'ew':
          return left.endsWith(right)
        case 'gt':
          return left > right
        case 'ge':
          return left >= right
        case 'lt':
          return left < right
        case 'le':
          return left <= right
      }
    },
  })

/** The values of which an element must have one, if the filter requires nothing else; otherwise undefined. */
export const valuesNamedBy = (filter: ElementFilter): ReadonlySet<string> | undefined =>
  foldFilter<AttributeCondition<ElementAttribute>, ReadonlySet<string> | undefined>(filter, {
    and: (left, right) =>
      left === undefined || right === undefined
        ? undefined
        : new Set([...left].filter((value) => right.has(value))),
    or: (left, right) =>
      left === undefined || right === undefined ? undefined : new Set([...left, ...right]),
    not: () => undefined,
    condition: (about) =>
      about.kind === 'compare' &&
      about.attribute === 'value' &&
      about.comparison === 'eq' &&
      typeof about.value === 'string'
        ? new Set([about.value])
        : undefined,
  })

/**
 * The attributes of an element that is created because none matched: everything that is joined by `and` and compared
 * with `eq`.
 */
export const describedBy = (filter: ElementFilter): Readonly<Partial<Record<ElementAttribute, unknown>>> =>
  foldFilter<AttributeCondition<ElementAttribute>, Partial<Record<ElementAttribute, unknown>>>(filter, {
    and: (left, right) => ({ ...left, ...right }),
    or: () => ({}),
    not: () => ({}),
    condition: (about) =>
      about.kind === 'compare' && about.comparison === 'eq' ? { [about.attribute]: about.value } : {},
  })
