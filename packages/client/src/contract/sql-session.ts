/**
 * The frames of `WS /console/sql`: JSON, one object a frame, both ways. One WebSocket is one PostgreSQL session (one tab of
 * the SQL editor). Values are the text that PostgreSQL sent; nothing is ever turned into a number or a date.
 */
import type { RefusalAnswer } from './console.ts'

/** What the browser sends. The first frame is `open` or `resume`. */
export type SqlClientFrame =
  | {
      type: 'open'
      csrf: string
      instance: string
      database: string
      /** The role to log in as; the person's own when left out. */
      role?: string
      /** For the text of values, e.g. `Europe/Berlin`; as the role has it when left out. */
      time_zone?: string
    }
  /**
   * Comes back to a session whose WebSocket was lost less than a minute ago. `received` is how many frames the browser has
   * had since `opened`, over all its WebSockets, `opened` itself not counted: those behind them are sent again, in order,
   * behind an `opened` with `resumed`.
   */
  | { type: 'resume'; csrf: string; session_key: string; received?: number }
  | {
      type: 'run'
      /** Chosen by the browser, greater with every run of the session. */
      run: number
      sql: string
      row_limit: number
      /** Go on with the next statement after one failed. */
      continue_after_errors: boolean
      /** Browsers without WebCrypto (plain http on another host) leave the hashing of role passwords to the server. */
      hash_passwords: boolean
      /** EXPLAIN (ANALYZE) of something that writes: in a transaction of its own that is rolled back. */
      roll_back?: boolean
    }
  /** The browser has taken in so many rows; as many more may come. */
  | { type: 'credit'; run: number; statement: number; rows: number }
  /** Of a result that stopped at the row limit and is kept (`complete.more`). */
  | { type: 'more'; run: number; statement: number; rows: number }
  | { type: 'cancel' }
  /** A piece of a cell that was cut, as text from `offset` (characters). */
  | { type: 'cell'; run: number; statement: number; row: number; column: number; offset: number }
  | { type: 'commit' }
  | { type: 'rollback' }
  /**
   * Catalog questions of the schema browser; answered aside, never while a run is under way. Columns of the answers: schemas:
   * name, owner, comment; relations: name, kind, comment; columns: name, type, `not null`, default, comment; functions: name,
   * arguments, result, kind; roles: name, `login`; databases: name, owner.
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

export interface SqlColumn {
  name: string
  type_oid: number
  /** As `format_type` says it, e.g. `numeric(10,2)`. */
  type: string
  align: 'left' | 'right'
}

/** Null, text, or the beginning of a text of more than 10 kB. */
export type SqlCell = string | null | { beginning: string; bytes: number; kept_bytes: number }

export interface SqlError {
  severity: string
  sqlstate: string
  message: string
  detail?: string
  hint?: string
  context?: string
  /** Offset in the text of the run, in UTF-16 code units from 0. */
  offset?: number
  /** Name of a refusal of Lakegate, where it is one. */
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
      /** Path when it is the role of a group: names from the group down to the person. */
      path: string[]
      server_version: string
      time_zone: string
      transaction: SqlTransactionState
      resumed: boolean
      /** When resumed: the greatest run that has reached the server. One that was lost on its way is not repeated by itself. */
      last_run?: number
    }
  /** The session did not come about. */
  | { type: 'refused'; refusal: RefusalAnswer | { name: string; sqlstate?: string; message: string } }
  | {
      type: 'statement'
      run: number
      statement: number
      /** Where it stands in the text of the run, in UTF-16 code units. */
      start: number
      end: number
    }
  | { type: 'columns'; run: number; statement: number; columns: SqlColumn[] }
  | { type: 'rows'; run: number; statement: number; rows: SqlCell[][] }
  | {
      type: 'complete'
      run: number
      statement: number
      /** Of PostgreSQL, e.g. `UPDATE 5`; absent when it stopped at the row limit. */
      tag?: string
      rows: number
      milliseconds: number
      /** There are more rows than the limit; they can be asked for with `more` until `kept_until`. */
      more: boolean
      kept_until?: string
      /** Something the console cannot do, such as COPY; the sentence to show. */
      remark?: string
    }
  | { type: 'failed'; run: number; statement: number; error: SqlError; milliseconds: number }
  /**
   * The run is over: after its last statement, or the one that failed; and after the rows that `more` brought (a `complete`
   * with all rows so far comes before it).
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
  /** Ends at `time` if nothing is run. */
  | { type: 'idle_warning'; time: string; in_transaction: boolean }
  /** The browser sent what it may not; nothing was done. */
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
      /** An open transaction went with it. */
      rolled_back: boolean
      time: string
    }
