/** Ends a `switch` over a union: a new member of the union does not compile until every such `switch` handles it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`)
}
