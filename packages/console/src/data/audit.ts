/**
 * The audit of the workspace or of the account: pages from newest to oldest, and records that arrived since they were
 * read.
 */
import type { AuditAnswer, AuditRecordAnswer } from '@lakegate/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { get } from './api.ts'

export interface AuditFilter {
  readonly event?: string | undefined
  readonly outcome?: string | undefined
  readonly reason?: string | undefined
  readonly identity_id?: string | undefined
  readonly instance_uid?: string | undefined
  /** Times; `since` is inclusive, `until` is exclusive. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** Whose audit: `workspace`, or the account of this id. */
export type AuditOf = 'workspace' | { readonly account: string }

const PAGE = 100
const LARGEST_PAGE = 1000
/** How many records a download holds at most. */
const MOST_DOWNLOADED = 10_000

const FIRST_PAGE: { readonly token?: string } = {}

const pathOf = (of: AuditOf): string =>
  of === 'workspace'
    ? '/2.0/lakegate/audit'
    : `/2.0/accounts/${encodeURIComponent(of.account)}/lakegate/audit`

const ask = (
  of: AuditOf,
  filter: AuditFilter,
  page: { size: number; token?: string },
  signal?: AbortSignal,
) => get<AuditAnswer>(pathOf(of), { ...filter, page_size: page.size, page_token: page.token }, signal)

/**
 * The records that the page shows. Its key does not begin with `audit`, so that a hint of new records does not move
 * what somebody is reading; a hint invalidates `newestRecordsQuery`.
 */
export const auditPagesQuery = (of: AuditOf, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['shown-audit', of, filter],
    queryFn: ({ pageParam, signal }) => ask(of, filter, { size: PAGE, ...pageParam }, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: ({ next_page_token: token }) => (token === undefined ? undefined : { token }),
    // Read once; it is read again when the person asks for new records.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })

const LIVE_EVERY = 30_000

export const newestRecordsQuery = (of: AuditOf, filter: AuditFilter) =>
  queryOptions({
    queryKey: ['audit', 'newest', of, filter],
    queryFn: ({ signal }) => ask(of, filter, { size: PAGE }, signal),
    // In addition to hints, which do not arrive while the live connection is paused.
    refetchInterval: LIVE_EVERY,
    gcTime: 0,
  })

/**
 * How many of the newest records are not shown yet; `PAGE` or more when none of them is shown. Records have no id, so
 * the first shown one is recognised by all its fields.
 */
export function countNewRecords(
  newest: readonly AuditRecordAnswer[],
  firstShown: AuditRecordAnswer | undefined,
): number {
  if (firstShown === undefined) return newest.length
  const first = JSON.stringify(firstShown)
  const known = newest.findIndex(
    (record) => record.time < firstShown.time || JSON.stringify(record) === first,
  )
  return known === -1 ? newest.length : known
}

export interface DownloadedAudit {
  /** One record per line. */
  readonly jsonl: string
  readonly records: number
  /** There are older records, which it does not contain. */
  readonly hasMore: boolean
}

/** Reads until the end of the range or the maximum is reached. */
export async function downloadAudit(of: AuditOf, filter: AuditFilter): Promise<DownloadedAudit> {
  const records: AuditRecordAnswer[] = []
  let token: string | undefined
  do {
    const page = await ask(of, filter, {
      size: Math.min(LARGEST_PAGE, MOST_DOWNLOADED - records.length),
      ...(token === undefined ? {} : { token }),
    })
    records.push(...page.records)
    token = page.next_page_token
  } while (token !== undefined && records.length < MOST_DOWNLOADED)
  return {
    jsonl: records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    records: records.length,
    hasMore: token !== undefined,
  }
}
