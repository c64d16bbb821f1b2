/**
 * A replication connection to a local cluster, over its Unix socket (PostgreSQL, «Streaming Replication Protocol»): what
 * pg_basebackup speaks, which is not among the programs that come along (docs/decisions/0019-backup.md).
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Fault } from '../../domain/fault.ts'
import { BACKEND, FRONTEND } from '../../protocol/message-types.ts'
import { socketIn } from '../embedded/socket-directory.ts'

export interface WalsenderMessage {
  /** Of BACKEND in protocol/message-types.ts. */
  readonly type: number
  readonly body: Buffer
}

export interface Walsender {
  /**
   * Sends one command, and gives every message of the answer but the last one. The server waits when they are read slowly.
   * @throws Fault with the words of the server
   */
  ask(command: string): AsyncGenerator<WalsenderMessage>
  close(): void
}

const PROTOCOL_3_0 = 196608
const CONNECT_TIMEOUT_MS = 5_000
/** Larger than any message that it sends: data comes in pieces of 32 KiB. */
const LONGEST_MESSAGE = 1024 * 1024 * 1024

/** @throws Fault cluster_unreachable when nothing answers there, or this account is not let in */
export async function openWalsender(socketDirectory: string, user: string): Promise<Walsender> {
  const socket = connect(socketIn(socketDirectory))
  const timer = setTimeout(() => {
    socket.destroy(new Error('no answer in time'))
  }, CONNECT_TIMEOUT_MS)
  try {
    await once(socket, 'connect')
    const messages = messagesOf(socket)
    socket.write(startupMessage({ user, replication: 'true', application_name: 'lakegate backup' }))
    await readUntilReady(messages)
    return {
      ask: (command) => ask(socket, messages, command),
      close: () => socket.destroy(),
    }
  } catch (error) {
    socket.destroy()
    if (error instanceof Fault) throw error
    throw unreachable(socketDirectory, error)
  } finally {
    clearTimeout(timer)
  }
}

const unreachable = (socketDirectory: string, cause: unknown): Fault =>
  new Fault({
    code: 'cluster_unreachable',
    origin: 'machine',
    message: `PostgreSQL cannot be reached at ${socketDirectory}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    nextStep:
      'Run the command as the account that runs Lakegate; if PostgreSQL was just being restarted, run it again.',
    retryable: true,
    cause,
  })

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const text = `${Object.entries(parameters)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join('')}\0`
  const message = Buffer.alloc(8 + Buffer.byteLength(text))
  message.writeInt32BE(message.length, 0)
  message.writeInt32BE(PROTOCOL_3_0, 4)
  message.write(text, 8, 'utf8')
  return message
}

async function* ask(
  socket: Socket,
  messages: AsyncGenerator<WalsenderMessage>,
  command: string,
): AsyncGenerator<WalsenderMessage> {
  const text = Buffer.from(`${command}\0`, 'utf8')
  const query = Buffer.alloc(5)
  query.writeUInt8(FRONTEND.query, 0)
  query.writeInt32BE(4 + text.length, 1)
  socket.write(Buffer.concat([query, text]))
  let refused: Fault | undefined
  for (;;) {
    const message = await next(messages).catch((error: unknown) => {
      // After a FATAL error it closes the connection.
      throw refused ?? error
    })
    if (message.type === BACKEND.readyForQuery) break
    if (message.type === BACKEND.errorResponse) refused = refusal(message.body)
    else yield message
  }
  if (refused !== undefined) throw refused
}

async function readUntilReady(messages: AsyncGenerator<WalsenderMessage>): Promise<void> {
  for (;;) {
    const { type, body } = await next(messages)
    if (type === BACKEND.readyForQuery) return
    if (type === BACKEND.errorResponse) throw refusal(body)
    // Authentication: peer asks for nothing, and 0 means that we are in.
    if (type === BACKEND.authentication && body.readInt32BE(0) !== 0)
      throw new Error('it asks for a password')
  }
}

async function next(messages: AsyncGenerator<WalsenderMessage>): Promise<WalsenderMessage> {
  const result = await messages.next()
  if (result.done === true) throw new Error('it closed the connection')
  return result.value
}

/** Each message: a byte that names its type, its length without that byte, its body. */
async function* messagesOf(socket: Socket): AsyncGenerator<WalsenderMessage> {
  let unread: Buffer = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
    for (;;) {
      if (unread.length < 5) break
      const length = unread.readInt32BE(1)
      if (length < 4 || length > LONGEST_MESSAGE) throw new Error('it does not speak the protocol')
      if (unread.length < 1 + length) break
      yield { type: unread[0] ?? 0, body: unread.subarray(5, 1 + length) }
      unread = unread.subarray(1 + length)
    }
  }
}

/** Fields of ErrorResponse: a letter and a text each. */
function refusal(body: Buffer): Fault {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field): [string, string] => [field.slice(0, 1), field.slice(1)]),
  )
  return new Fault({
    code: 'base_backup_failed',
    origin: 'instance',
    message: `PostgreSQL refused: ${fields.get('M') ?? 'no reason was given'} (${fields.get('C') ?? ''}).`,
    nextStep: fields.get('H') ?? 'Look into the log of that PostgreSQL, and run the command again.',
    retryable: true,
  })
}

/** The columns of a DataRow, as text. */
export function columnsOf(row: Buffer): readonly (string | undefined)[] {
  const columns: (string | undefined)[] = []
  let at = 2
  for (let left = row.readInt16BE(0); left > 0; left -= 1) {
    const length = row.readInt32BE(at)
    at += 4
    if (length < 0) columns.push(undefined)
    else {
      columns.push(row.toString('utf8', at, at + length))
      at += length
    }
  }
  return columns
}
