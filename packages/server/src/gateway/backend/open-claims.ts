/**
 * Opens the claims of a credential in a fresh backend, before the client gets a word in (behaviour 10): the session
 * goes on as a reader that databricks_open_claims makes for it. The function is called in pg_catalog, where nobody but
 * a superuser can put one of that name; who the session is afterwards is asked, not assumed. What PostgreSQL says to
 * that is ours alone; at debug levels of logging it may repeat the secret.
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

/** Read by databricks_auth.lend_claims; a client's own setting of this name is never passed on. */
export const SESSION_CLAIMS_SETTING = 'databricks_auth.claims'

const READER_PREFIX = 'databricks_claims_'
const UNDEFINED_FUNCTION = '42883'
const FUNCTIONS_MISSING =
  'This database has no function databricks_open_claims. On an attached instance claims need PostgreSQL 16 or later and an administrative role with SUPERUSER, and work in the database named in attached.database.'

export interface ClaimsLock {
  /** Value of the setting with which the backend is opened. */
  readonly setting: string
  /** What opens it, once. */
  readonly secret: string
}

/** @returns undefined when there is nothing to open */
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
 * @param alreadyRead what it said since, up to ReadyForQuery; read here when it is left out
 * @returns what it says up to ReadyForQuery, for the client
 * @throws RefusedError claimed_table_not_open
 */
export async function openClaims(
  socket: ByteStream,
  reader: ByteReader,
  { secret }: ClaimsLock,
  roleName: string,
  alreadyRead?: Frame[],
): Promise<Buffer> {
  const greeting = alreadyRead ?? (await readUntilReady(reader))
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
  // ParameterStatus tells of settings that changed, and belongs to the client all the same.
  const reports = answer.filter(({ type }) => type === BACKEND.parameterStatus)
  const ready = greeting.pop()
  return Buffer.concat(
    [...greeting, ...reports, ...(ready === undefined ? [] : [ready])].map(({ type, body }) =>
      buildMessage(type, body),
    ),
  )
}

/** The name that databricks_open_claims returned must be that of the session now. */
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

/** A backend that gives up instead ends the connection, which the reader reports. */
async function readUntilReady(reader: ByteReader): Promise<Frame[]> {
  const frames: Frame[] = []
  for (;;) {
    const frame = await reader.next((bytes) => decodeFrame(bytes, LONGEST_BACKEND_LOGIN_MESSAGE))
    frames.push(frame)
    if (frame.type === BACKEND.readyForQuery) return frames
  }
}
