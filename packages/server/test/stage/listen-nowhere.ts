/** Opens addresses for those who want to know which ones, and serves nobody there. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Serving } from '../../src/gateway/serving.ts'

export const LISTEN_NOWHERE: Pick<Serving, 'listen'> = {
  async listen({ host, port }) {
    const server = createServer((socket) => socket.destroy()).listen({ host, port })
    await once(server, 'listening')
    return {
      host,
      port: (server.address() as AddressInfo).port,
      close: () => {
        server.close()
      },
    }
  },
}
