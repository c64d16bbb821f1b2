/** The history of runs, kept only in this browser; secrets are removed first. */
import { redactSecrets } from '@lakegate/sql-text'
import { forgetAll, forgetUpTo, keep, readOwned, type OwnedRecord } from './sql-browser-store.ts'

export interface SqlHistoryEntry extends OwnedRecord {
  /** Milliseconds since the epoch, increased if two would be equal; it defines the order. */
  readonly id: number
  readonly sql: string
  readonly instance: string
  readonly database: string
  readonly role?: string | undefined
  readonly outcome: 'complete' | 'failed' | 'cancelled'
  readonly milliseconds: number
  /** Command tags, or the message of the error. */
  readonly summary: string
}

const MOST = 1_000
let lastId = 0

/** Newest first. */
export async function readHistory(owner: string): Promise<readonly SqlHistoryEntry[]> {
  return [...(await readOwned<SqlHistoryEntry>('history', owner))].reverse()
}

export async function remember(entry: Omit<SqlHistoryEntry, 'id'>): Promise<void> {
  lastId = Math.max(Date.now(), lastId + 1)
  const kept: SqlHistoryEntry = {
    ...entry,
    id: lastId,
    sql: redactSecrets(entry.sql),
    // An error message may quote the line that failed.
    summary: redactSecrets(entry.summary),
  }
  await keep('history', kept)
  const all = await readOwned<SqlHistoryEntry>('history', entry.owner)
  const oldest = all[all.length - MOST - 1]
  if (oldest !== undefined) await forgetUpTo('history', entry.owner, oldest.id)
}

export const clearHistory = (owner: string): Promise<unknown> => forgetAll('history', owner)
