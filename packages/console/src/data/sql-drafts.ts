/** The SQL editor's tabs as this browser keeps them, and whether it keeps them after signing out. */
import { forgetChoice, keepChoice, readChoice } from '../browser/choices.ts'
import { forget, forgetAll, keep, readOwned, type OwnedRecord } from './sql-browser-store.ts'

export interface SqlDraft extends OwnedRecord {
  readonly id: number
  readonly name: string
  readonly text: string
  readonly instance?: string | undefined
  readonly database?: string | undefined
  readonly role?: string | undefined
  readonly savedQuery?: { readonly id: string; readonly version: number } | undefined
}

const KEEP_KEY = 'lakegate-sql-keep'

/** One string for each person in a workspace. */
export const ownerOf = (workspaceId: string, personId: string): string => `${workspaceId}/${personId}`

export const readDrafts = (owner: string): Promise<readonly SqlDraft[]> => readOwned('drafts', owner)
export const keepDraft = (draft: SqlDraft): Promise<unknown> => keep('drafts', draft)
export const forgetDraft = (owner: string, id: number): Promise<unknown> => forget('drafts', owner, id)

/** Off by default: other people may use the computer too. */
export const keepsAfterSignOut = (owner: string): boolean => readChoice(`${KEEP_KEY}:${owner}`) === 'yes'

export function setKeepsAfterSignOut(owner: string, keeps: boolean): void {
  if (keeps) keepChoice(`${KEEP_KEY}:${owner}`, 'yes')
  else forgetChoice(`${KEEP_KEY}:${owner}`)
}

/** Called when the person signs out. */
export async function forgetUnlessKept(owner: string): Promise<void> {
  if (keepsAfterSignOut(owner)) return
  try {
    await forgetAll('drafts', owner)
    await forgetAll('history', owner)
  } catch {
    // Without storage there is nothing to delete.
  }
}
