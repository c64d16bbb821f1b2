/** The frames that a browser sends (contract/sql-session.ts), validated against their shapes. */
import type { SqlClientFrame, SqlServerFrame } from '@lakegate/client'
import { z } from 'zod'

/** A limit of the WebSocket library: longer messages end the connection (1009) before they are stored. */
export const LONGEST_FRAME = 1024 * 1024
const LONGEST_NAME = 256
const MOST_ROWS = 100_000
const MOST_CREDIT = 1_000_000

/** PostgreSQL ends a text at a NUL, and would read the rest as protocol. */
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((value) => !value.includes('\0'), 'it holds a zero character')
const name = text(LONGEST_NAME)
const number = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const ofStatement = { run: number, statement: number }

const CATALOG_QUESTION = z.discriminatedUnion('about', [
  z.strictObject({ about: z.literal('schemas') }),
  z.strictObject({ about: z.literal('relations'), schema: name }),
  z.strictObject({ about: z.literal('columns'), schema: name, relation: name }),
  z.strictObject({ about: z.literal('functions'), schema: name }),
  z.strictObject({ about: z.literal('roles') }),
  z.strictObject({ about: z.literal('databases') }),
])

const CLIENT_FRAME = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    csrf: name,
    instance: name,
    database: name,
    role: name.optional(),
    time_zone: text(64).optional(),
  }),
  z.strictObject({ type: z.literal('resume'), csrf: name, session_key: name, received: number.optional() }),
  z.strictObject({
    type: z.literal('run'),
    run: number,
    sql: text(LONGEST_FRAME),
    row_limit: z.int().min(1).max(MOST_ROWS),
    continue_after_errors: z.boolean(),
    hash_passwords: z.boolean(),
    roll_back: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('credit'), ...ofStatement, rows: z.int().min(1).max(MOST_CREDIT) }),
  z.strictObject({ type: z.literal('more'), ...ofStatement, rows: z.int().min(1).max(MOST_ROWS) }),
  z.strictObject({ type: z.literal('cancel') }),
  z.strictObject({ type: z.literal('cell'), ...ofStatement, row: number, column: number, offset: number }),
  z.strictObject({ type: z.literal('commit') }),
  z.strictObject({ type: z.literal('rollback') }),
  z.strictObject({ type: z.literal('catalog'), question: number, sql: CATALOG_QUESTION }),
  z.strictObject({ type: z.literal('end') }),
])

/**
 * @returns undefined for a frame that the contract does not know. The error is not reported in detail, because it may
 * contain what somebody typed.
 */
export function readFrame(message: string): SqlClientFrame | undefined {
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    return undefined
  }
  const parsed = CLIENT_FRAME.safeParse(value)
  // An optional field that is absent stays absent, so the contract and the shape mean the same.
  return parsed.success ? (parsed.data as SqlClientFrame) : undefined
}

export const writeFrame = (frame: SqlServerFrame): string => JSON.stringify(frame)
