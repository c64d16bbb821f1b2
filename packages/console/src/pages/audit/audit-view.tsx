/** The matching records, from newest to oldest; new ones are counted, and shown when the person asks for them. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { AuditRecordAnswer } from '@lakegate/client'
import { useState } from 'react'
import {
  auditPagesQuery,
  countNewRecords,
  newestRecordsQuery,
  type AuditFilter,
  type AuditOf,
} from '../../data/audit.ts'
import { Button } from '../../kit/button.tsx'
import { PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { AuditDownload } from './audit-download.tsx'
import { AuditFilters } from './audit-filters.tsx'
import type { AuditSearch } from './audit-search.ts'
import { AuditTable } from './audit-table.tsx'
import styles from './audit.module.css'

export interface AuditViewProps {
  readonly of: AuditOf
  readonly filter: AuditFilter
  readonly onChange: (changed: AuditSearch) => void
}

export function AuditView({ of, filter, onChange }: AuditViewProps) {
  const pages = useInfiniteQuery(auditPagesQuery(of, filter))
  const records = pages.data?.pages.flatMap((page) => page.records) ?? []
  return (
    <>
      <div className={styles['filters']}>
        <AuditFilters of={of} filter={filter} records={records} onChange={onChange} />
        <AuditDownload of={of} filter={filter} />
      </div>
      {pages.isPending && <Skeleton />}
      {pages.error !== null && <PageError error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.data !== undefined && (
        <>
          <NewRecords of={of} filter={filter} shown={records} onShow={pages.refetch} />
          <AuditTable of={of} records={records} filter={filter} onFilter={onChange} />
          {records.length > 0 && (
            <div className={styles['older']}>
              {pages.hasNextPage ? (
                <Button isBusy={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
                  {messages.audit.loadOlder}
                </Button>
              ) : (
                messages.audit.isAll
              )}
            </div>
          )}
        </>
      )}
    </>
  )
}

interface NewRecordsProps {
  readonly of: AuditOf
  readonly filter: AuditFilter
  readonly shown: readonly AuditRecordAnswer[]
  readonly onShow: () => Promise<unknown>
}

function NewRecords({ of, filter, shown, onShow }: NewRecordsProps) {
  const [isLoading, setLoading] = useState(false)
  const { data } = useQuery(newestRecordsQuery(of, filter))
  const count = data === undefined ? 0 : countNewRecords(data.records, shown[0])
  const show = () => {
    setLoading(true)
    void onShow().finally(() => setLoading(false))
  }
  return (
    <div role="status">
      {count > 0 && (
        <div className={styles['new']}>
          {messages.audit.newRecords(
            count,
            count === data?.records.length && data.next_page_token !== undefined,
          )}
          <Button isSmall kind="quiet" isBusy={isLoading} onPress={show}>
            {messages.audit.showNew}
          </Button>
        </div>
      )}
    </div>
  )
}
