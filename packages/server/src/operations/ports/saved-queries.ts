/** SQL that people keep in the console. */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { SavedQuery, SavedQueryContent, SavedQueryUsage } from '../../domain/saved-query.ts'

export interface SavedQueryPage {
  /** Behind this one, in the order of names; it need not exist any more. */
  readonly after: { readonly name: string; readonly id: string } | undefined
  readonly size: number
  /** Ends a page early, though never before its first query. */
  readonly mostBytes: number
}

/** Changes of what one person keeps in one workspace happen one after the other, so that limits hold for all at once. */
export interface SavedQueryStore {
  /** What the viewer keeps, and what is shared, ordered by name. */
  listVisible(
    workspaceId: WorkspaceId,
    viewerId: IdentityId,
    page: SavedQueryPage,
  ): Promise<{ readonly queries: readonly SavedQuery[]; readonly hasMore: boolean }>
  loadQuery(id: string): Promise<SavedQuery | undefined>
  /** @param admit is told what would be kept, and throws to prevent it */
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
   * @param decide while the row is locked; throws to leave it as it is
   * @returns undefined when it is gone
   */
  changeQuery(
    id: string,
    now: Date,
    decide: (current: SavedQuery | undefined) => SavedQueryContent,
    admit: (after: SavedQueryUsage) => void,
  ): Promise<{ readonly before: SavedQuery; readonly after: SavedQuery } | undefined>
  /** @param decide while the row is locked; throws to leave it there. @returns what was removed, if anything */
  removeQuery(id: string, decide: (current: SavedQuery | undefined) => void): Promise<SavedQuery | undefined>
}
