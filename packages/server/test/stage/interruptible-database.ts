/** A way to a PostgreSQL by a Unix socket that a test can cut, and open again. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface InterruptibleWay {
  /** Directory of the socket, for `host` of a connection string. */
  readonly directory: string
  open(): Promise<void>
  /** Whoever is connected is cut off, and nobody else gets in. */
  cut(): Promise<void>
  remove(): Promise<void>
}

const SOCKET = '.s.PGSQL.5432'

/** @param target directory of the socket of the PostgreSQL */
export async function openWay(target: string): Promise<InterruptibleWay> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-way-'))
  const sockets = new Set<Socket>()
  let server: Server | undefined

  function forward(client: Socket): void {
    const database = connect(path.join(target, SOCKET))
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      // Its end is what counts.
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  }
  async function open(): Promise<void> {
    server = createServer(forward).listen(path.join(directory, SOCKET))
    await once(server, 'listening')
  }
  async function cut(): Promise<void> {
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    server = undefined
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await open()
  return {
    directory,
    open,
    cut,
    async remove() {
      await cut()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
