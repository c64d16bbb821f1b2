/** `/api/2.0/lakegate/saved-queries`: SQL that a person keeps, and may share with the workspace. */

export interface SavedQueryAnswer {
  id: string
  name: string
  sql: string
  /** Where it was written for; a proposal for who opens it. */
  database_instance_name?: string
  database?: string
  is_shared: boolean
  owner: { id: string; name: string }
  /** The caller may change and delete it. */
  is_own: boolean
  create_time: string
  update_time: string
  /** Changes only with the version that was read. */
  version: number
}

export interface SavedQueriesAnswer {
  queries: SavedQueryAnswer[]
}

export interface SavedQueryRequest {
  name: string
  sql: string
  database_instance_name?: string
  database?: string
  is_shared?: boolean
}
