/**
 * Where `databricks_auth` asks its live question: a small server of the PostgreSQL protocol on a Unix socket, to which
 * dblink in the instances connects (DESIGN §4). It answers one kind of statement and nothing else. Connecting proves
 * nothing; the session ticket in the question does.
 */
import { rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import { connect } from 'node:net'
import { Fault } from '../domain/fault.ts'
import type { AnswerIdentityQuestion } from '../operations/roles/answer-identity-question.ts'
import { answerConversation } from './conversation.ts'

export interface InquirySettings {
  /** The socket is `<directory>/.s.PGSQL.5432`, as libpq expects it. */
  readonly directory: string
  /**
   * Makes the directory so that no other account can put anything into it: changes to the socket's mode then affect
   * only our socket.
   */
  readonly makeDirectory: () => Promise<void>
  /** Restricts the socket so that only the account of PostgreSQL can connect. */
  readonly closeSocket: (file: string) => Promise<void>
}

export interface InquiryLog {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const SOCKET = '.s.PGSQL.5432'
/** A question takes one query on the system database; a slower client would hold a place for nothing. */
const DEADLINE_MS = 10_000
const MOST_CONNECTIONS = 200

export interface InquiryListener {
  start(): Promise<void>
  stop(): Promise<void>
}

export function createInquiryListener(
  dependencies: { readonly answer: AnswerIdentityQuestion; readonly log: InquiryLog },
  settings: InquirySettings,
): InquiryListener {
  const open = new Set<Socket>()
  const file = path.join(settings.directory, SOCKET)
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.setTimeout(DEADLINE_MS, () => socket.destroy())
    // The client has closed, so no error can be sent.
    socket.on('error', () => socket.destroy())
    answerConversation(socket, dependencies).catch((error: unknown) => {
      dependencies.log.error({ err: error }, 'a live question of databricks_auth could not be answered')
      socket.destroy()
    })
  })
  server.maxConnections = MOST_CONNECTIONS

  return {
    async start() {
      await settings.makeDirectory()
      await removeStaleSocket(file)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(file, () => {
          server.off('error', reject)
          resolve()
        })
      })
      server.on('error', (error) => {
        dependencies.log.error({ err: error }, 'the inquiry socket failed')
      })
      await settings.closeSocket(file)
    },
    async stop() {
      // Resolves also when the server never listened.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** A crash leaves the socket file behind. The socket of a running Lakegate must not be removed. */
async function removeStaleSocket(file: string): Promise<void> {
  const isAnswered = await new Promise<boolean>((resolve) => {
    const probe = connect(file)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
  if (isAnswered) {
    throw new Fault({
      code: 'inquiry_socket_taken',
      origin: 'configuration',
      message: `Another process serves the socket ${file}.`,
      nextStep: 'Stop the Lakegate that runs on this data directory first.',
    })
  }
  await rm(file, { force: true })
}
