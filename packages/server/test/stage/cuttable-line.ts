/** A line between browser and server that can be cut: everything that goes through stands still and is lost, as with Wi-Fi that is gone. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface CuttableLine {
  readonly port: number
  /** Ends what goes through, and lets nobody in until it is mended. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** @param port of the line itself; `to` is where it leads */
export async function layLine(port: number, to: number): Promise<CuttableLine> {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect({ host: '127.0.0.1', port: to })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      // Lost with the line; the other end hears of it by the close.
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    cut() {
      isCut = true
      drop()
    },
    mend() {
      isCut = false
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      drop()
      await closed
    },
  }
}
