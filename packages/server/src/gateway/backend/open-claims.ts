/**
 * Opens the claims of a credential in a fresh backend, before the client can send a statement (behaviour 10): from then
 * on the session runs as a reader role that databricks_open_claims makes for it. The function is called in pg_catalog,
 * where only a superuser can create one of that name; afterwards current_user is checked rather than assumed.
 * PostgreSQL's answers to these statements never reach the client, because at debug log levels they may repeat the
 * secret.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { ClaimedTable } from '../../domain/catalog.ts'
import { refused } from '../../operations/refused-error.ts'
import { decodeErrorResponse } from '../../protocol/error-response.ts'
import { encodeStatement, encodeSync } from '../../protocol/frontend-statements.ts'
import { decodeFrame, FieldCursor, type Frame } from '../../protocol/frame.ts'
import { LONGEST_BACKEND_LOGIN_MESSAGE } from '../../protocol/limits.ts'
import { buildMessage } from '../../protocol/message-builder.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import type { ByteReader } from '../byte-reader.ts'
import type { ByteStream } from '../streams/byte-stream.ts'

/** Read by databricks_auth.lend_claims; a client's own value for this setting is never passed on. */
export const SESSION_CLAIMS_SETTING = 'databricks_auth.claims'

const READER_PREFIX = 'databricks_claims_'
const UNDEFINED_FUNCTION = '42883'
const FUNCTIONS_MISSING =
  'This database has no function databricks_open_claims. On an attached instance claims need PostgreSQL 16 or later and an administrative role with SUPERUSER, and work in the database named in attached.database.'

export interface ClaimsLock {
  /** Value of the setting that the backend is opened with. */
  readonly setting: string
  /** Opens the lock, once. */
  readonly secret: string
}

/** @returns undefined when there are no claims to open */
export function lockClaims(tables: readonly ClaimedTable[]): ClaimsLock | undefined {
  if (tables.length === 0) return undefined
  const secret = randomBytes(32).toString('base64url')
  const setting = JSON.stringify({
    lock: createHash('sha256').update(secret).digest('hex'),
    tables: tables.map(({ schemaName, tableName }) => [schemaName, tableName]),
  })
  return { setting, secret }
}

/**
 * @param reader of a backend that has just sent AuthenticationOk
 * @param alreadyRead what the backend has sent since then, up to ReadyForQuery; read here when left out
 * @returns everything up to ReadyForQuery, for the client
 * @throws RefusedError claimed_table_not_open
 */
export async function openClaims(
  socket: ByteStream,
  reader: ByteReader,
  { secret }: ClaimsLock,
  roleName: string,
  alreadyRead?: Frame[],
): Promise<Buffer> {
  const greeting = alreadyRead ?? (await readUntilReady(reader, { orError: true }))
  // PostgreSQL refuses the login behind AuthenticationOk, for CONNECTION LIMIT say; its own error goes to the client.
  if (greeting.at(-1)?.type === BACKEND.errorResponse)
    return Buffer.concat(greeting.map(({ type, body }) => buildMessage(type, body)))
  // READ WRITE, because a client may have asked for read-only transactions in its startup message.
  socket.write(
    Buffer.concat([
      encodeStatement('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE', []),
      encodeStatement('SELECT pg_catalog.databricks_open_claims($1)', [secret]),
      encodeStatement('COMMIT', []),
      encodeStatement('SELECT current_user', []),
      encodeSync(),
    ]),
  )
  const answer = await readUntilReady(reader)
  const failure = answer.find(({ type }) => type === BACKEND.errorResponse)
  if (failure !== undefined) {
    const { sqlstate, message } = decodeErrorResponse(failure.body)
    const problem =
      sqlstate === UNDEFINED_FUNCTION ? FUNCTIONS_MISSING : (message ?? 'PostgreSQL gave no reason.')
    throw refused('claimed_table_not_open', { role: roleName, problem })
  }
  requireReader(answer, roleName)
  // ParameterStatus reports settings that have changed; the client needs it although the statements were ours.
  const reports = answer.filter(({ type }) => type === BACKEND.parameterStatus)
  const ready = greeting.pop()
  return Buffer.concat(
    [...greeting, ...reports, ...(ready === undefined ? [] : [ready])].map(({ type, body }) =>
      buildMessage(type, body),
    ),
  )
}

/** The name that databricks_open_claims returned must now be the current user of the session. */
function requireReader(answer: readonly Frame[], roleName: string): void {
  const [reader, current] = answer
    .filter(({ type }) => type === BACKEND.dataRow)
    .map(({ body }) => textOfOneColumn(body))
  if (reader?.startsWith(READER_PREFIX) === true && reader === current) return
  throw refused('claimed_table_not_open', {
    role: roleName,
    problem: 'The session did not become the reader of its claims.',
  })
}

function textOfOneColumn(row: Buffer): string | undefined {
  const cursor = new FieldCursor(row)
  return cursor.int16() === 1 ? cursor.bytes(cursor.int32() ?? -1)?.toString('utf8') : undefined
}

/**
 * A backend that fails instead closes the connection, which the reader reports.
 * @param until.orError whether to stop at an ErrorResponse as well: at a login nothing follows it
 */
async function readUntilReady(
  reader: ByteReader,
  { orError }: { readonly orError: boolean } = { orError: false },
): Promise<Frame[]> {
  const frames: Frame[] = []
  for (;;) {
    const frame = await reader.next((bytes) => decodeFrame(bytes, LONGEST_BACKEND_LOGIN_MESSAGE))
    frames.push(frame)
    if (frame.type === BACKEND.readyForQuery) return frames
    if (orError && frame.type === BACKEND.errorResponse) return frames
  }
}
