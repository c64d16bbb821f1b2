/** What the overview has chosen, in its URL. A token is never among it. */
import { z } from 'zod'
import { FORMS } from './connection-strings.ts'

export const connectionSearch = z.object({
  endpoint: z.enum(['direct', 'pooled']).optional().catch(undefined),
  role: z.string().optional().catch(undefined),
  database: z.string().optional().catch(undefined),
  form: z.enum(FORMS).optional().catch(undefined),
})
export type ConnectionSearch = z.infer<typeof connectionSearch>
