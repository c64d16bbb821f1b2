/**
 * What a session has left in its backend, as the backend itself reports it (docs/decisions/0011). Asked between two
 * transactions, before the backend is emptied for another session, and only where there is reason to
 * (conversation/leftovers.ts). The queries run with the session's own search_path, so every name and operator is
 * written with its schema.
 */
import { decodeErrorResponse } from '../../protocol/error-response.ts'
import { FieldCursor, type Frame } from '../../protocol/frame.ts'
import {
  encodeCloseStatement,
  encodeQuery,
  encodeStatement,
  encodeSync,
} from '../../protocol/frontend-statements.ts'
import { BACKEND } from '../../protocol/message-types.ts'

/** Names and values have one character per byte, because they are in the encoding of the session. */
export type Settings = ReadonlyMap<string, string>

export interface Inventory {
  /** Settings with source `session`; custom settings are left out. */
  readonly settings: Settings
  /** Those of the requested custom names that have a value, wherever it comes from. */
  readonly custom: Settings
  /** What cannot be moved to another backend. */
  readonly held: readonly string[]
}

export interface Question {
  readonly bytes: Buffer
  /** How many ReadyForQuery end the answer. */
  readonly ready: number
}

/** In the order of the columns of HELD. */
const KINDS = [
  'temporary tables or other temporary objects',
  'LISTEN',
  'statements prepared by PREPARE',
  'WITH HOLD cursors',
  'session-level advisory locks',
] as const

const HELD = `SELECT
  pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0 AND EXISTS (
    SELECT FROM pg_catalog.pg_depend
    WHERE refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
      AND refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()),
  EXISTS (SELECT FROM pg_catalog.pg_listening_channels()),
  EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql),
  EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable),
  EXISTS (SELECT FROM pg_catalog.pg_locks
    WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())`
const SET_FOR_SESSION = `SELECT name, setting FROM pg_catalog.pg_settings WHERE source OPERATOR(pg_catalog.=) 'session'`
/** These two settings are not in pg_settings (GUC_NO_SHOW_ALL). */
export const WHO_ACTS = `SELECT pg_catalog.current_setting('session_authorization'), pg_catalog.current_setting('role')`
/** Custom settings are not in pg_settings either, so they are asked for by name. */
const CUSTOM = `SELECT name, pg_catalog.current_setting(name, true) FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name`

/** Settings of the transaction in which we ask. */
const OF_THE_TRANSACTION = new Set([
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
])
/** The session must not find our unnamed statement in place of its own. */
const END = Buffer.concat([encodeCloseStatement(''), encodeSync()])
/** If SERIALIZABLE and DEFERRABLE are the defaults, the first query could wait for the transactions of others. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED'

export function askInventory(customNames: readonly string[]): Question {
  const custom = customNames.length === 0 ? [] : [askCustom(customNames)]
  return {
    bytes: Buffer.concat([
      encodeQuery(BEGIN),
      encodeQuery([HELD, SET_FOR_SESSION, WHO_ACTS].join(';\n')),
      ...custom.map(({ bytes }) => bytes),
      encodeQuery('COMMIT'),
    ]),
    ready: 3 + custom.length,
  }
}

/** @param customNames consist of letters, digits, `_`, `$` and dots only, so no array element needs quotes */
export const askCustom = (customNames: readonly string[]): Question => ({
  bytes: Buffer.concat([encodeStatement(CUSTOM, [Buffer.from(`{${customNames.join(',')}}`, 'latin1')]), END]),
  ready: 1,
})

/** @param opened the answer to `WHO_ACTS` when the backend was opened */
export function readInventory(frames: readonly Frame[], opened: readonly string[]): Inventory {
  const failure = frames.find(({ type }) => type === BACKEND.errorResponse)
  if (failure !== undefined) {
    const { message, sqlstate } = decodeErrorResponse(failure.body)
    const why = `something that could not be asked for (${sqlstate ?? ''} ${message ?? ''})`
    return { settings: new Map(), custom: new Map(), held: [why] }
  }
  const [, held = [], settings = [], acting = [], custom = []] = resultsOf(frames)
  return {
    settings: new Map([
      ...pairsOf(settings).filter(([name]) => !OF_THE_TRANSACTION.has(name)),
      ...whoActsOtherwise(acting[0] ?? [], opened),
    ]),
    custom: customOf(custom),
    held: KINDS.filter((_, column) => held[0]?.[column] === 't'),
  }
}

/** The answer to `askCustom`, wherever it is among the frames. */
export const readCustom = (frames: readonly Frame[]): Settings => customOf(resultsOf(frames).flat())

/** The answer to `WHO_ACTS`. */
export const readWhoActs = (frames: readonly Frame[]): readonly string[] =>
  (resultsOf(frames).at(-1)?.[0] ?? []).map((value) => value ?? '')

const customOf = (rows: readonly Row[]): Settings => new Map(pairsOf(rows))

/** The two that decide which settings may be changed; they come last. */
function whoActsOtherwise(now: Row, opened: readonly string[]): readonly (readonly [string, string])[] {
  return ['session_authorization', 'role'].flatMap((name, column) => {
    const value = now[column]
    return value === undefined || value === opened[column] ? [] : [[name, value] as const]
  })
}

type Row = readonly (string | undefined)[]

const pairsOf = (rows: readonly Row[]): readonly (readonly [string, string])[] =>
  rows.flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, value] as const]))

/** The rows of each command. */
function resultsOf(frames: readonly Frame[]): readonly (readonly Row[])[] {
  const results: Row[][] = []
  let rows: Row[] = []
  for (const { type, body } of frames) {
    if (type === BACKEND.dataRow) rows.push(rowOf(body))
    if (type !== BACKEND.commandComplete) continue
    results.push(rows)
    rows = []
  }
  return results
}

function rowOf(body: Buffer): Row {
  const cursor = new FieldCursor(body)
  return Array.from({ length: cursor.int16() ?? 0 }, () => {
    const length = cursor.int32() ?? -1
    return length < 0 ? undefined : cursor.bytes(length)?.toString('latin1')
  })
}

/** FIRST determines how the other values are read. LAST may interrupt the remaining statements or take rights away. */
const FIRST = ['client_encoding']
const LAST = ['statement_timeout', 'lock_timeout', 'transaction_timeout', 'session_authorization', 'role']
const rankOf = (name: string): number => (FIRST.includes(name) ? -1 : LAST.indexOf(name) + 1)

/** Sets all of them, or none when PostgreSQL refuses one. */
export function setAgain(settings: Settings): Question {
  const ordered = [...settings].sort(([one], [other]) => rankOf(one) - rankOf(other))
  const statements = ordered.map(([name, value]) =>
    encodeStatement('SELECT pg_catalog.set_config($1, $2, false)', [
      Buffer.from(name, 'latin1'),
      Buffer.from(value, 'latin1'),
    ]),
  )
  return { bytes: Buffer.concat([...statements, END]), ready: 1 }
}
