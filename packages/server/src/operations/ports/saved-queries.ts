/** SQL that users save in the console. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { SavedQuery, SavedQueryContent, SavedQueryUsage } from '../../domain/saved-query.ts'

export interface SavedQueryPage {
  /** Start after this query, in the order of names; it need not exist any more. */
  readonly after: { readonly name: string; readonly id: string } | undefined
  readonly size: number
  /** Ends a page early, but never before its first query. */
  readonly mostBytes: number
}

/**
 * Changes of one owner's queries in one workspace happen one after another, so that limits hold for concurrent
 * requests.
 */
export interface SavedQueryStore {
  /** The viewer's own queries and the shared ones, ordered by name. */
  listVisible(
    workspaceId: WorkspaceId,
    viewerId: IdentityId,
    page: SavedQueryPage,
  ): Promise<{ readonly queries: readonly SavedQuery[]; readonly hasMore: boolean }>
  loadQuery(id: string): Promise<SavedQuery | undefined>
  /** @param admit gets the usage after the change, and throws to prevent it */
  insertQuery(
    query: SavedQueryContent & {
      readonly id: string
      readonly workspaceId: WorkspaceId
      readonly ownerId: IdentityId
      readonly now: Date
    },
    admit: (after: SavedQueryUsage) => void,
  ): Promise<SavedQuery>
  /**
   * @param decide called while the row is locked; throws to leave the query unchanged
   * @returns undefined when the query is gone
   */
  changeQuery(
    id: string,
    now: Date,
    decide: (current: SavedQuery | undefined) => SavedQueryContent,
    admit: (after: SavedQueryUsage) => void,
  ): Promise<{ readonly before: SavedQuery; readonly after: SavedQuery } | undefined>
  /** @param decide called while the row is locked; throws to keep the query. @returns the removed query, if any */
  removeQuery(id: string, decide: (current: SavedQuery | undefined) => void): Promise<SavedQuery | undefined>
}
