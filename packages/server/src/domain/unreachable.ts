/** Ends a `switch` over a union: a new member does not compile until every such switch knows it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`)
}
