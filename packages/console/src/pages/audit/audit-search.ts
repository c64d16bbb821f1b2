/** The filters of the audit as they are in the URL. */
import type { AuditFilter } from '../../data/audit.ts'
import { searchFields, text } from '../../kit/search-fields.ts'

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

const instant = (value: unknown): string | undefined =>
  typeof value === 'string' && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined

export const auditSearch = searchFields({
  event: text,
  outcome: text,
  reason: text,
  identity_id: text,
  instance_uid: text,
  since: instant,
  until: instant,
})

export type AuditSearch = ReturnType<typeof auditSearch>

export const isFiltered = (filter: AuditFilter): boolean =>
  Object.values(filter).some((value) => value !== undefined)
