/** Holds one conversation with the listener, and says how it ended. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { connect as connectOverTls } from 'node:tls'
import { queryMessage } from '../stage/byte-builder.ts'
import type { Conversation, Step } from './conversation.ts'

export interface Ending {
  /** Undefined when nobody was admitted. `unknown` when the session ended before it could be asked. */
  readonly admittedAs: string | undefined
  /** Whether the server was still holding the connection when patience ended. */
  readonly hung: boolean
  /** SQLSTATEs that the server gave. */
  readonly codes: readonly string[]
}

const AUTHENTICATION_OK = Buffer.from('520000000800000000', 'hex')
const READY_FOR_QUERY = Buffer.from('5a0000000549', 'hex')
/** RowDescription of the question below never holds this; the row that answers it does. */
const MARK = 'session user: '
const QUESTION = queryMessage(`SELECT '${MARK}' || session_user || '.'`)

/** @param patienceMs how long the server may hold a connection that is not admitted */
export async function attempt(
  address: { readonly host: string; readonly port: number },
  conversation: Conversation,
  patienceMs: number,
): Promise<Ending> {
  const plain = connect(address)
  const line = createLine(plain)
  try {
    const isOver = await Promise.race([
      converse(conversation, line).then(() => true),
      // The deadline of the server counts from the first byte, whatever it is waiting for.
      after(patienceMs).then(() => line.isClosed()),
    ])
    const admittedAs = await whoIsIn(line, patienceMs)
    return { admittedAs, hung: !isOver && admittedAs === undefined, codes: line.codes() }
  } finally {
    await nextTurn()
    plain.destroy()
  }
}

/** Resolves when the server has closed, or has admitted and waits for queries. */
async function converse({ steps }: Conversation, line: Line): Promise<void> {
  await Promise.race([once(line.plain, 'connect').catch(() => undefined), line.closed])
  for (const step of steps) {
    if (line.isClosed()) return
    await take(step, line)
  }
  await line.until((said) => said.includes(READY_FOR_QUERY))
}

interface Line {
  readonly plain: Socket
  readonly closed: Promise<void>
  isClosed(): boolean
  send(bytes: Buffer): void
  startTls(): Promise<void>
  /** Resolves when what the server said so far satisfies, or when it closes. */
  until(satisfies: (said: Buffer) => boolean): Promise<void>
  said(): Buffer
  wasAdmitted(): boolean
  codes(): readonly string[]
}

async function take(step: Step, line: Line): Promise<void> {
  switch (step.kind) {
    case 'send': {
      const size = Math.max(1, Math.ceil(step.bytes.length / step.pieces))
      for (let at = 0; at < step.bytes.length && !line.isClosed(); at += size) {
        line.send(step.bytes.subarray(at, at + size))
        if (step.pieces > 1) await nextTurn()
      }
      return
    }
    case 'send_below_tls':
      if (!line.plain.destroyed) line.plain.write(step.bytes)
      return
    case 'start_tls':
      return line.startTls()
    case 'listen': {
      const before = line.said().length
      return line.until((said) => said.length > before)
    }
    case 'leave':
      // Node calls us from inside SSL_read; whoever destroys the socket below TLS there crashes this process.
      await nextTurn()
      if (step.how === 'end') line.plain.end()
      else line.plain.resetAndDestroy()
  }
}

/** Bytes of the admitted session itself say as whom; the client's own query may have been answered before. */
async function whoIsIn(line: Line, patienceMs: number): Promise<string | undefined> {
  if (!line.wasAdmitted()) return undefined
  const find = () => new RegExp(`${MARK}(.*?)\\.C\0`, 's').exec(line.said().toString('utf8'))?.[1]
  if (line.isClosed()) return 'unknown'
  line.send(QUESTION)
  await Promise.race([line.until(() => find() !== undefined), after(patienceMs)])
  return find() ?? 'unknown'
}

function createLine(plain: Socket): Line {
  let stream: Duplex = plain
  let said = Buffer.alloc(0)
  let isClosed = false
  let listeners: (() => void)[] = []
  const wake = () => {
    for (const listener of listeners.splice(0)) listener()
  }
  const onData = (chunk: Buffer) => {
    said = Buffer.concat([said, chunk])
    wake()
  }
  const closed = new Promise<void>((resolve) => {
    // The end counts as the end: a server that says no more and only keeps the socket is done with us.
    const close = () => {
      isClosed = true
      wake()
      resolve()
    }
    plain.on('error', close).on('close', close).on('end', close)
  })
  plain.on('data', onData)

  const until = async (satisfies: (said: Buffer) => boolean): Promise<void> => {
    while (!isClosed && !satisfies(said)) {
      await new Promise<void>((resolve) => {
        listeners = [...listeners, resolve]
      })
    }
  }
  return {
    plain,
    closed,
    isClosed: () => isClosed,
    until,
    said: () => said,
    wasAdmitted: () => said.includes(AUTHENTICATION_OK),
    codes: () => [...said.toString('latin1').matchAll(/\0C([0-9A-Z]{5})\0M/g)].map(([, code = '']) => code),
    send: (bytes) => {
      if (!stream.destroyed && stream.writable) stream.write(bytes)
    },
    async startTls() {
      // Node does not survive two of them over one socket.
      if (stream !== plain) return
      plain.off('data', onData)
      const encrypted = connectOverTls({
        socket: plain,
        rejectUnauthorized: false,
        ALPNProtocols: ['postgresql'],
      })
      stream = encrypted
      const failed = new Promise<void>((resolve) => {
        encrypted.on('error', () => {
          plain.destroy()
          resolve()
        })
      })
      encrypted.on('data', onData)
      await Promise.race([once(encrypted, 'secureConnect').catch(() => undefined), failed, closed])
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const after = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })
