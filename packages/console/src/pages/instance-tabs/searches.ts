/** What the tabs keep in the URL. */
import { useSearch } from '@tanstack/react-router'
import { z } from 'zod'

/** The router reads `4711` as a number; names of roles are texts. What is no text is left out. */
const text = z
  .union([z.string(), z.number().transform(String), z.boolean().transform(String)])
  .optional()
  .catch(undefined)

export const ROLE_TYPES = ['USER', 'SERVICE_PRINCIPAL', 'GROUP', 'PG_ONLY'] as const

export const rolesSearch = z.object({ filter: text, type: z.enum(ROLE_TYPES).optional().catch(undefined) })
export const metricsSearch = z.object({ span: z.enum(['15m', '1h', '24h']).optional().catch(undefined) })
/** What is chosen in the tree: a catalog, a schema of one, or a table. */
export const catalogsSearch = z.object({ on: text })
export const loginCheckSearch = z.object({ identity: text, role: text, database: text })

/** The search of the page that is open, as its route reads it. */
export function useSearchOf<Search>(shape: z.ZodType<Search>): Search {
  return shape.parse(useSearch({ strict: false }))
}
