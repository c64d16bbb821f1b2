/** How results are printed; what `\x`, `\a`, `\t` and `\pset null` change. */

export interface ResultFormat {
  readonly layout: 'aligned' | 'unaligned' | 'csv'
  /** One line for each value instead of one for each row; `auto` when a row is wider than the terminal. */
  readonly expanded: 'on' | 'off' | 'auto'
  /** Without the names of columns and the number of rows. */
  readonly tuplesOnly: boolean
  /** Without the command tags of statements, such as `CREATE TABLE`. */
  readonly quiet: boolean
  /** What stands for null. */
  readonly nullText: string
}

export const DEFAULT_FORMAT: ResultFormat = {
  layout: 'aligned',
  expanded: 'off',
  tuplesOnly: false,
  quiet: false,
  nullText: '',
}

export interface ResultColumn {
  readonly name: string
  /** Object id of its type. */
  readonly type: number
}

export type ResultRow = readonly (string | null)[]

/** int8, int2, int4, oid, xid, cid, float4, float8, money, numeric, xid8 (pg_type.dat): psql aligns these at the right. */
const NUMBERS = new Set([20, 21, 23, 26, 28, 29, 700, 701, 790, 1700, 5069])

export const isNumber = ({ type }: ResultColumn): boolean => NUMBERS.has(type)
