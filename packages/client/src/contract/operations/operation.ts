/**
 * What an operation of the REST API is made of. Every service of this folder is an interface of such operations, with
 * types only: `npm run docs` renders from them the table by which the client calls them (`rest/table`), and the
 * OpenAPI document.
 */

/** One operation: everything that a caller or a document has to know of it. */
export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for each of `parameters`. */
  path: string
  /** The least scope that a token needs; `none` where no token is needed. `all-apis` contains `postgres`. */
  scope: 'postgres' | 'all-apis' | 'none'
  /** What stands in the path. */
  parameters?: object
  /** What stands behind the question mark of the path. */
  query?: object
  /** Headers other than those that every request has. */
  headers?: object
  body?: unknown
  /** 200 when left out. */
  status?: 201 | 204
  answer: unknown
  /** The field of the answer that holds the items of a list with pages. */
  items?: string
}

/** An answer that contains nothing. */
export type EmptyAnswer = Record<string, never>

/** The parameter of every path of the account. */
export interface OfAccount {
  /** Id of the account; the client fills it in when it is left out. */
  account_id: string
}

/** The parameter of paths that lead to one identity. */
export interface OfIdentity {
  /** The SCIM id of the identity. */
  id: string
}

/** Which page of a list is wanted. */
export interface PageQuery {
  /**
   * At most so many items.
   *
   * @minimum 0
   */
  page_size?: number
  /** `next_page_token` of the page before; empty or left out for the first one. */
  page_token?: string
}
