/**
 * The frames of `WS /console/sql`: JSON, one object per frame, in both directions. One WebSocket is one PostgreSQL
 * session (one tab of the SQL editor). Values are the text that PostgreSQL sent; nothing is ever converted to a number
 * or a date.
 */
import type { RefusalAnswer } from './console.ts'

/** What the browser sends. The first frame is `open` or `resume`. */
export type SqlClientFrame =
  | {
      type: 'open'
      csrf: string
      instance: string
      database: string
      /** The role to log in as; when left out, the person's own. */
      role?: string
      /** For the text of values, e.g. `Europe/Berlin`; when left out, the time zone of the role. */
      time_zone?: string
    }
  /**
   * Resumes a session whose WebSocket was lost less than a minute ago. `received` is how many frames the browser has
   * received since `opened`, over all its WebSockets, without `opened` itself: later ones are sent again, in order,
   * after an `opened` with `resumed`.
   */
  | { type: 'resume'; csrf: string; session_key: string; received?: number }
  | {
      type: 'run'
      /** Chosen by the browser; increases with every run of the session. */
      run: number
      sql: string
      row_limit: number
      /** Continue with the next statement after one failed. */
      continue_after_errors: boolean
      /** Browsers without WebCrypto (plain http on another host) let the server hash the passwords of roles. */
      hash_passwords: boolean
      /** For EXPLAIN (ANALYZE) of a statement that writes: run it in a transaction of its own that is rolled back. */
      roll_back?: boolean
    }
  /** The browser has processed that many rows; as many more may be sent. */
  | { type: 'credit'; run: number; statement: number; rows: number }
  /** For a result that stopped at the row limit and is kept (`complete.more`). */
  | { type: 'more'; run: number; statement: number; rows: number }
  | { type: 'cancel' }
  /** Requests a piece of a cell that was cut, as text from `offset` (characters). */
  | { type: 'cell'; run: number; statement: number; row: number; column: number; offset: number }
  | { type: 'commit' }
  | { type: 'rollback' }
  /**
   * Catalog questions of the schema browser; never answered while a run is in progress. Columns of the answers:
   * schemas: name, owner, comment; relations: name, kind, comment; columns: name, type, `not null`, default, comment;
   * functions: name, arguments, result, kind; roles: name, `login`; databases: name, owner.
   */
  | { type: 'catalog'; question: number; sql: SqlCatalogQuestion }
  | { type: 'end' }

/** Questions about the catalog that the console asks in the person's own session. */
export type SqlCatalogQuestion =
  | { about: 'schemas' }
  | { about: 'relations'; schema: string }
  | { about: 'columns'; schema: string; relation: string }
  | { about: 'functions'; schema: string }
  | { about: 'roles' }
  | { about: 'databases' }

/** As in ReadyForQuery. */
export type SqlTransactionState = 'none' | 'open' | 'failed'

/** A column of a result. */
export interface SqlColumn {
  name: string
  type_oid: number
  /** As `format_type` returns it, e.g. `numeric(10,2)`. */
  type: string
  align: 'left' | 'right'
}

/** Null, a text, or the beginning of a text of more than 10 kB. */
export type SqlCell = string | null | { beginning: string; bytes: number; kept_bytes: number }

/** An error or a notice as PostgreSQL sent it. */
export interface SqlError {
  severity: string
  sqlstate: string
  message: string
  detail?: string
  hint?: string
  context?: string
  /** Offset in the text of the run, in UTF-16 code units from 0. */
  offset?: number
  /** Name of the refusal, if Lakegate refused. */
  refusal?: string
}

/** What the server sends. */
export type SqlServerFrame =
  | {
      type: 'opened'
      session_key: string
      process_id: number
      instance: string
      database: string
      role: string
      /** For the role of a group: names from the group down to the person. */
      path: string[]
      server_version: string
      time_zone: string
      transaction: SqlTransactionState
      resumed: boolean
      /**
       * When resumed: the greatest run that has reached the server. A run that was lost on its way is not repeated
       * automatically.
       */
      last_run?: number
    }
  /** The session could not be opened. */
  | { type: 'refused'; refusal: RefusalAnswer | { name: string; sqlstate?: string; message: string } }
  | {
      type: 'statement'
      run: number
      statement: number
      /** Where the statement is in the text of the run, in UTF-16 code units. */
      start: number
      end: number
    }
  | { type: 'columns'; run: number; statement: number; columns: SqlColumn[] }
  | { type: 'rows'; run: number; statement: number; rows: SqlCell[][] }
  | {
      type: 'complete'
      run: number
      statement: number
      /** PostgreSQL's command tag, e.g. `UPDATE 5`; absent when it stopped at the row limit. */
      tag?: string
      rows: number
      milliseconds: number
      /** There are more rows than the limit; they can be requested with `more` until `kept_until`. */
      more: boolean
      kept_until?: string
      /** Something that the console cannot do, such as COPY; the sentence to show. */
      remark?: string
    }
  | { type: 'failed'; run: number; statement: number; error: SqlError; milliseconds: number }
  /**
   * The run is over: after its last statement, or the one that failed; and also after the rows that `more` brought (a
   * `complete` with all rows so far comes before it).
   */
  | { type: 'done'; run: number; transaction: SqlTransactionState }
  | { type: 'transaction'; transaction: SqlTransactionState }
  | { type: 'notice'; notice: SqlError; time: string }
  | { type: 'notices_dropped'; count: number }
  | { type: 'notification'; channel: string; payload: string; process_id: number; time: string }
  | {
      type: 'cell'
      run: number
      statement: number
      row: number
      column: number
      offset: number
      text: string
      is_last: boolean
    }
  | { type: 'catalog'; question: number; rows: (string | null)[][]; error?: SqlError }
  | { type: 'parameter'; name: string; value: string }
  /** The session ends at `time` unless something is run. */
  | { type: 'idle_warning'; time: string; in_transaction: boolean }
  /** The browser sent a frame that is not allowed; nothing was done. */
  | { type: 'not_understood'; message: string; frame?: string }
  | {
      type: 'ended'
      reason:
        | 'ended_by_person'
        | 'idle'
        | 'idle_in_transaction'
        | 'ended_by_server'
        | 'sign_in_over'
        | 'server_stopping'
        | 'lost'
      error?: SqlError
      /** Whether an open transaction was rolled back with it. */
      rolled_back: boolean
      time: string
    }
