/** What the tabs keep in the URL. */
import { useSearch } from '@tanstack/react-router'
import { oneOf, searchFields, text } from '../../kit/search-fields.ts'

export const ROLE_TYPES = ['USER', 'SERVICE_PRINCIPAL', 'GROUP', 'PG_ONLY'] as const

export const rolesSearch = searchFields({ filter: text, type: oneOf(ROLE_TYPES) })
export const metricsSearch = searchFields({ span: oneOf(['15m', '1h', '24h']) })
/** The selected node of the tree: a catalog, a schema in it, or a table. */
export const catalogsSearch = searchFields({ on: text })
export const loginCheckSearch = searchFields({ identity: text, role: text, database: text })

/** The search of the page that is open, as its route reads it. */
export function useSearchOf<Search>(read: (search: Readonly<Record<string, unknown>>) => Search): Search {
  return read(useSearch({ strict: false }))
}
