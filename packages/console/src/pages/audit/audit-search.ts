/** The filters of the audit as they stand in the URL. */
import { z } from 'zod'
import type { AuditFilter } from '../../data/audit.ts'

/** The router reads `4711` as a number; names and ids are texts. What is no text is no filter. */
const text = z
  .union([z.string(), z.number().transform(String), z.boolean().transform(String)])
  .optional()
  .catch(undefined)

const instant = z.iso.datetime({ offset: true }).optional().catch(undefined)

export const auditSearch = z.object({
  event: text,
  outcome: text,
  reason: text,
  identity_id: text,
  instance_uid: text,
  since: instant,
  until: instant,
})

export type AuditSearch = z.infer<typeof auditSearch>

export const isFiltered = (filter: AuditFilter): boolean =>
  Object.values(filter).some((value) => value !== undefined)
