/**
 * Binds an address without accepting its connections: the workers accept, each with this socket. While this process
 * holds it, connections that arrive when no worker is running wait in the kernel for the next worker.
 */
import { lookup } from 'node:dns/promises'
import net, { Server } from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Address } from './address.ts'

/** `node:cluster` uses the same function; Node has no public API for a socket that is bound but does not listen. */
interface ServerHandles {
  _createServerHandle(host: string, port: number, family: 4 | 6): BoundHandle | number
}

interface BoundHandle {
  getsockname(into: { port?: number }): number
  close(): void
}

export interface BoundAddress extends Address {
  /** Sent to a worker with a message. */
  readonly server: Server
  close(): void
}

/** @throws an error with the system's code: EADDRINUSE, EADDRNOTAVAIL, EACCES */
export async function bindAddress({ host, port }: Address): Promise<BoundAddress> {
  const { address, family } = await lookup(host)
  const handle = (net as unknown as ServerHandles)._createServerHandle(address, port, family === 6 ? 6 : 4)
  if (typeof handle === 'number') throw systemError(handle, host, port)
  const name: { port?: number } = {}
  // libuv reports a failed bind only here (uv__tcp_bind, `delayed_error`).
  const failure = handle.getsockname(name)
  if (failure !== 0) {
    handle.close()
    throw systemError(failure, host, port)
  }
  const server = new Server()
  Object.assign(server, { _handle: handle })
  return {
    host,
    port: name.port ?? port,
    server,
    close() {
      handle.close()
    },
  }
}

function systemError(number: number, host: string, port: number): Error {
  const code = getSystemErrorName(number)
  return Object.assign(new Error(`bind ${code} ${host}:${String(port)}`), { code, syscall: 'bind' })
}
