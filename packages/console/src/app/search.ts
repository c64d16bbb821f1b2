/**
 * The query of an address as the texts that stand in it. The router's own way reads JSON, and so `?identity_id=` with a large
 * number loses its last digits, and a name such as `true` stops being one. What a page reads as another type, its
 * `validateSearch` makes of the text.
 */
export const parseSearch = (query: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(query))

/** @returns with its question mark; empty where nothing is said */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      query.set(name, String(value))
  return query.size === 0 ? '' : `?${query.toString()}`
}
