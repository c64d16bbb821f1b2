/** `/api/2.0/lakegate/saved-queries`: SQL that a person keeps, and may share with the workspace. */

/** A saved query, as the caller sees it. */
export interface SavedQueryAnswer {
  id: string
  name: string
  sql: string
  /** Where it was written; a suggestion for the reader. */
  database_instance_name?: string
  database?: string
  is_shared: boolean
  owner: { id: string; name: string }
  /** Whether the caller may change it. */
  is_own: boolean
  /** Whether the caller may delete it: an own query or, for administrators of the workspace, one that others share. */
  may_delete: boolean
  create_time: string
  update_time: string
  /** A change must name the version that was read. */
  version: number
}

/** A page of the caller's own queries and the shared ones, ordered by name. */
export interface SavedQueriesAnswer {
  queries: SavedQueryAnswer[]
  /** A page ends after a hundred queries, or after a megabyte of SQL. */
  next_page_token?: string
}

/** What a caller sends to save a query. */
export interface SavedQueryRequest {
  name: string
  sql: string
  database_instance_name?: string
  database?: string
  is_shared?: boolean
}

/** What a caller sends to change a saved query: fields that are left out stay; `null` removes a suggestion. */
export interface SavedQueryChangeRequest {
  /** The version that was read; 412 when somebody has changed the query meanwhile. */
  version: number
  name?: string
  sql?: string
  database_instance_name?: string | null
  database?: string | null
  is_shared?: boolean
}
