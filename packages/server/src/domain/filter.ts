/** A filter as a tree (RFC 7644 §3.4.2.2), with conditions of the given type at its leaves. */
export type Filter<Condition> = Joined<Condition> | Negated<Condition> | Condition

interface Joined<Condition> {
  readonly kind: 'and' | 'or'
  readonly left: Filter<Condition>
  readonly right: Filter<Condition>
}
interface Negated<Condition> {
  readonly kind: 'not'
  readonly operand: Filter<Condition>
}

/** Folds a filter into a result, from its conditions upwards. */
export function foldFilter<Condition extends { readonly kind: string }, Result>(
  filter: Filter<Condition>,
  make: {
    readonly and: (left: Result, right: Result) => Result
    readonly or: (left: Result, right: Result) => Result
    readonly not: (operand: Result) => Result
    readonly condition: (condition: Condition) => Result
  },
): Result {
  if (isJoined(filter))
    return make[filter.kind](foldFilter(filter.left, make), foldFilter(filter.right, make))
  if (isNegated(filter)) return make.not(foldFilter(filter.operand, make))
  return make.condition(filter)
}

const isJoined = <Condition extends { readonly kind: string }>(
  filter: Filter<Condition>,
): filter is Joined<Condition> => filter.kind === 'and' || filter.kind === 'or'
const isNegated = <Condition extends { readonly kind: string }>(
  filter: Filter<Condition>,
): filter is Negated<Condition> => filter.kind === 'not'
