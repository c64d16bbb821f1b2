/**
 * Sits between a client and an endpoint and sees how the endpoint ends each connection. Node reports a stream without
 * close_notify as a clean end, so that only the bytes tell: a record of TLS 1.2 says in clear that it is an alert
 * (RFC 5246 §6.2.1), and clients of this stage use that version.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Lakegate } from './lakegate.ts'
import { connectWireOverTls, type WireClient } from './wire-client.ts'

export interface TlsTap {
  readonly host: string
  readonly port: number
  /** How the endpoint ended its connections, in the order in which it did. */
  readonly ends: readonly string[]
  close(): void
}

export const IN_ORDER = 'close_notify, then the end'
const TLS_1_2 = { maxVersion: 'TLSv1.2' } as const

const ALERT = 21
const HEADER_BYTES = 5

export async function tapInto(endpoint: { readonly host: string; readonly port: number }): Promise<TlsTap> {
  const ends: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...endpoint, allowHalfOpen: true })
    const heard: Buffer[] = []
    const onEnd = (how: string) => {
      ends.push(how)
    }
    upstream.on('data', (chunk: Buffer) => heard.push(chunk))
    upstream.once('end', () => {
      onEnd(endsWithAlert(Buffer.concat(heard)) ? IN_ORDER : 'the end alone')
      upstream.off('error', onReset)
    })
    const onReset = (error: Error) => {
      onEnd(`an error: ${error.message}`)
    }
    upstream.once('error', onReset)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.once('close', () => upstream.destroy())
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    ends,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Whether the last whole record is an alert. Bytes before the first record, such as the S, are skipped. */
function endsWithAlert(bytes: Buffer): boolean {
  let at = bytes[0] === 'S'.charCodeAt(0) ? 1 : 0
  let last: number | undefined
  while (at + HEADER_BYTES <= bytes.length) {
    last = bytes[at]
    at += HEADER_BYTES + bytes.readUInt16BE(at + 3)
  }
  return last === ALERT && at === bytes.length
}

/** Through the tap, over TLS. */
export function connectThrough(
  lakegate: Lakegate,
  tap: TlsTap,
  options: ConnectionOptions = {},
): Promise<WireClient> {
  return connectWireOverTls(lakegate, { ...TLS_1_2, ...options }, tap)
}
