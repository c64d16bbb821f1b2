/**
 * Binds an address without taking its connections: the workers do, each with this socket. As long as this process has it,
 * connections that come while no worker is there wait in the kernel for the next one.
 */
import { lookup } from 'node:dns/promises'
import net, { Server } from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Address } from './address.ts'

/** What `node:cluster` uses for the same; Node has no public name for a socket that is bound and not listened to. */
interface ServerHandles {
  _createServerHandle(host: string, port: number, family: 4 | 6): BoundHandle | number
}

interface BoundHandle {
  getsockname(into: { port?: number }): number
  close(): void
}

export interface BoundAddress extends Address {
  /** Goes to a worker with a message. */
  readonly server: Server
  close(): void
}

/** @throws an error with the code of the system: EADDRINUSE, EADDRNOTAVAIL, EACCES */
export async function bindAddress({ host, port }: Address): Promise<BoundAddress> {
  const { address, family } = await lookup(host)
  const handle = (net as unknown as ServerHandles)._createServerHandle(address, port, family === 6 ? 6 : 4)
  if (typeof handle === 'number') throw systemError(handle, host, port)
  const name: { port?: number } = {}
  // libuv tells here what it found when it bound (uv__tcp_bind, `delayed_error`).
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
