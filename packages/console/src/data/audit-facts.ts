/** Single facts from the audit, for pages other than the audit page. Requires `see_audit`. */
import type { AuditAnswer } from '@lakegate/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'

export interface AuditQuestion {
  readonly event: string
  readonly outcome: 'admitted' | 'refused'
  readonly identityId?: string
  readonly instanceUid?: string
}

/** The newest record that matches; null when there is none. */
export const lastRecordQuery = ({ event, outcome, identityId, instanceUid }: AuditQuestion) =>
  queryOptions({
    queryKey: ['audit', 'last', event, outcome, identityId ?? '', instanceUid ?? ''],
    queryFn: async ({ signal }) => {
      const { records } = await get<AuditAnswer>(
        '/2.0/lakegate/audit',
        { event, outcome, identity_id: identityId, instance_uid: instanceUid, page_size: 1 },
        signal,
      )
      return records[0] ?? null
    },
  })
