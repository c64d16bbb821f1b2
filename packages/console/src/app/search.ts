/**
 * The query of an address as plain text values. The router's default parses JSON, so an `?identity_id=` with a large
 * number would lose its last digits, and a name such as `true` would become a boolean. A page that needs another type
 * converts the text in its `validateSearch`.
 */
export const parseSearch = (query: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(query))

/** @returns with its question mark; empty when there are no values */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      query.set(name, String(value))
  return query.size === 0 ? '' : `?${query.toString()}`
}
