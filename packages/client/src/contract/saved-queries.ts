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
  /** The caller may change it. */
  is_own: boolean
  /** The caller may delete it: an own one, and as an administrator of the workspace what others share. */
  may_delete: boolean
  create_time: string
  update_time: string
  /** Changes only with the version that was read. */
  version: number
}

/** `?page_size=&page_token=`: those of the caller and those that are shared, ordered by name. */
export interface SavedQueriesAnswer {
  queries: SavedQueryAnswer[]
  /** A page ends after a hundred queries, or after a megabyte of SQL. */
  next_page_token?: string
}

export interface SavedQueryRequest {
  name: string
  sql: string
  database_instance_name?: string
  database?: string
  is_shared?: boolean
}

/** `PATCH /api/2.0/lakegate/saved-queries/<id>`: what is left out stays; `null` takes a proposal away. */
export interface SavedQueryChangeRequest {
  /** Of the query as it was read; 412 when somebody changed it meanwhile. */
  version: number
  name?: string
  sql?: string
  database_instance_name?: string | null
  database?: string | null
  is_shared?: boolean
}
