/** Audit records in the system database: appended in batches, read newest first, removed when they are old. */
import { sql } from 'kysely'
import type { AuditRecord, AuditStore } from '../operations/ports/audit.ts'
import { namedQuery } from './named-query.ts'
import type { SystemTransaction } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

/** With this lock only one process at a time removes records; any constant would do that nothing else uses. */
const REMOVAL_LOCK = '418514663796'

/** PostgreSQL stores neither zero characters nor lone surrogates, and a name in a record may contain both. */
const storable = (_name: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\u0000', '\ufffd').replace(/\p{Cs}/gu, '\ufffd') : value

const asJson = (records: readonly AuditRecord[]): string => JSON.stringify(records, storable)

const appendQuery = ({ records }: { readonly records: string }) => sql<object>`
  INSERT INTO audit_record (at, event, outcome, reason, workspace_id, instance_uid, identity_id, entry)
  SELECT (record->>'at')::timestamptz, entry->>'event', entry->>'outcome', entry->>'reason',
         entry->>'workspaceId', entry->>'instanceUid', entry->>'identityId', entry
    FROM jsonb_array_elements(${records}::jsonb) AS record,
         LATERAL (SELECT record->'entry' AS entry) AS part`

/** In the transaction of the change that they tell of. */
export async function appendAuditRecords(
  transaction: SystemTransaction,
  records: readonly AuditRecord[],
): Promise<void> {
  await appendQuery({ records: asJson(records) }).execute(transaction)
}

export function createAuditStore(database: SystemDatabase): AuditStore {
  const append = namedQuery(database, 'append_audit_records', ['records'], appendQuery)
  return {
    async appendRecords(records) {
      await askSystemDatabase(() => append({ records: asJson(records) }))
    },

    pageOfRecords: (filter, { before, size }) =>
      askSystemDatabase(async () => {
        let query = database.selectFrom('audit_record').select(['id', 'at', 'entry'])
        const equal = {
          workspace_id: filter.workspaceId,
          event: filter.event,
          outcome: filter.outcome,
          reason: filter.reason,
          identity_id: filter.identityId,
          instance_uid: filter.instanceUid,
        }
        for (const [column, value] of Object.entries(equal) as [keyof typeof equal, string | undefined][]) {
          if (value !== undefined) query = query.where(column, '=', value)
        }
        if (filter.since !== undefined) query = query.where('at', '>=', filter.since)
        if (filter.until !== undefined) query = query.where('at', '<', filter.until)
        if (before !== undefined) {
          query = query.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('at', 'id'), '<', tuple(before.at, before.id)),
          )
        }
        return query.orderBy('at', 'desc').orderBy('id', 'desc').limit(size).execute()
      }),

    removeRecords: (before, atMost) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const { rows } = await sql<{ mine: boolean }>`
            SELECT pg_try_advisory_xact_lock(${REMOVAL_LOCK}::bigint) AS mine`.execute(transaction)
          if (rows[0]?.mine !== true) return 'busy' as const
          const { numAffectedRows } = await sql`
            DELETE FROM audit_record WHERE (at, id) IN (
              SELECT at, id FROM audit_record WHERE at < ${before} ORDER BY at, id LIMIT ${atMost})`.execute(
            transaction,
          )
          return Number(numAffectedRows ?? 0n)
        }),
      ),
  }
}
