/** Which attributes a SCIM answer contains (RFC 7644 §3.9). `id` and `schemas` are always included. */
export interface Projection {
  /** In lower case, without the part after a dot; undefined means all of them. */
  readonly attributes: ReadonlySet<string> | undefined
  readonly excluded: ReadonlySet<string>
}

const ALWAYS = ['schemas', 'id']

export function parseProjection(query: {
  readonly attributes?: string | undefined
  readonly excludedAttributes?: string | undefined
}): Projection {
  return {
    attributes: query.attributes === undefined ? undefined : names(query.attributes),
    // RFC 7644 §3.9: the two exclude each other; `attributes` wins, because it is narrower.
    excluded: query.attributes === undefined ? names(query.excludedAttributes ?? '', true) : new Set(),
  }
}

export function isWanted(projection: Projection, attribute: string): boolean {
  const name = attribute.toLowerCase()
  if (ALWAYS.includes(name)) return true
  return projection.attributes?.has(name) ?? !projection.excluded.has(name)
}

export function project(resource: object, projection: Projection): Record<string, unknown> {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isWanted(projection, name)))
}

/** For `emails.value` the whole `emails` is shown; excluding a part excludes nothing. */
function names(list: string, wholeOnly = false): ReadonlySet<string> {
  return new Set(
    list
      .split(',')
      .map((item) => item.trim().toLowerCase())
      .map((item) => (item.startsWith('urn:') ? item.slice(item.lastIndexOf(':') + 1) : item))
      .filter((item) => item !== '' && !(wholeOnly && item.includes('.')))
      .map((item) => item.split('.')[0] ?? item),
  )
}
