/**
 * Attack 66: many connections of HTTP that say nothing. They take file descriptors and memory of the process that also looks after
 * PostgreSQL and hands connections to the gateway.
 */
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()

/** A client of its own to the server: all of 127.0.0.0/8 is this machine, on Linux. */
const FLOODER = '127.0.0.66'

it.skipIf(process.platform !== 'linux')(
  'one client has a thousand of them, and others are served meanwhile',
  async () => {
    const { hostname, port } = new URL(lakegate.ready.http_url)
    let open = 0
    let closed = 0
    const sockets: Socket[] = Array.from({ length: 1_200 }, () =>
      connect({ port: Number(port), host: hostname, localAddress: FLOODER })
        .on('connect', () => (open += 1))
        .on('error', () => undefined)
        .on('close', () => (closed += 1)),
    )
    try {
      await waitFor('all of them', () => Promise.resolve(open === 1_200 && closed >= 200))
      expect(closed).toBe(200)
      expect((await fetch(`${lakegate.ready.http_url}/healthz`)).status).toBe(200)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  },
)
