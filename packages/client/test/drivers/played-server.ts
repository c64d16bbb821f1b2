/**
 * Just enough of a PostgreSQL server, inside TLS, for drivers to log in and to read one row: it says which tokens it accepts, and
 * remembers who came.
 */
import net from 'node:net'
import { once } from 'node:events'
import tls from 'node:tls'
import { createTestAuthority, type TestAuthority } from '../../../server/test/stage/test-authority.ts'

export interface PlayedServer {
  readonly host: string
  readonly port: number
  readonly caPem: string
  /** Passwords that were sent, in order. */
  readonly passwords: readonly string[]
  /** Startup packets and other first packets, in order. */
  readonly firstPackets: readonly Buffer[]
  /** Ends the open connections as a server does that stops: a FATAL error, and no more. */
  endSessions(): void
  close(): Promise<void>
}

export interface Play {
  /** @default those that begin with «good» */
  readonly accepts?: (password: string) => boolean
  /** What a refused one is answered with. @default 28P01 */
  readonly refusal?: { readonly code: string; readonly message: string; readonly detail?: string }
  /** Instead of the request for a password. */
  readonly asksFor?: Buffer
  /** Instead of the consent to TLS. */
  readonly beforeTls?: Buffer
  /** The host of the certificate. @default 127.0.0.1 */
  readonly certificateFor?: string
  /** @default the one of all played servers */
  readonly authority?: TestAuthority
}

let ofAll: Promise<TestAuthority> | undefined

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const errorMessage = (code: string, text: string, detail = ''): Buffer =>
  message(
    'E',
    Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0${detail === '' ? '' : `D${detail}\0`}\0`, 'utf8'),
  )
const notice = message('N', Buffer.from('SNOTICE\0VNOTICE\0C00000\0Mhear this\0\0'))
const ready = message('Z', Buffer.from('I'))
const admitted = Buffer.concat([
  message('R', int32(0)),
  message('S', Buffer.from('server_version\x0018.0\0')),
  message('K', Buffer.concat([int32(7), int32(8)])),
  ready,
])
/** One column of text, in one row. */
const row = (text: string): Buffer =>
  Buffer.concat([
    message(
      'T',
      Buffer.concat([
        Buffer.from([0, 1]),
        Buffer.from('answer\0'),
        int32(0),
        Buffer.from([0, 0]),
        int32(25),
        Buffer.from([0xff, 0xff]),
        int32(-1),
        Buffer.from([0, 0]),
      ]),
    ),
    message('D', Buffer.concat([Buffer.from([0, 1]), int32(Buffer.byteLength(text)), Buffer.from(text)])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ])

export async function playServer(play: Play = {}): Promise<PlayedServer> {
  const authority = play.authority ?? (await (ofAll ??= createTestAuthority()))
  const issued = await authority.certificateFor(play.certificateFor ?? '127.0.0.1')
  const secureContext = tls.createSecureContext({
    cert: issued.certificateChainPem,
    key: issued.privateKeyPem.reveal(),
  })
  const passwords: string[] = []
  const firstPackets: Buffer[] = []
  const open = new Set<tls.TLSSocket>()

  const serve = (socket: tls.TLSSocket) => {
    let unread: Buffer = Buffer.alloc(0)
    let began = false
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk])
      if (!began && unread.length >= unread.readInt32BE()) {
        began = true
        firstPackets.push(unread)
        const cancels = unread.readInt32BE(4) === 80_877_102
        unread = Buffer.alloc(0)
        if (cancels) socket.end()
        else socket.write(Buffer.concat([notice, play.asksFor ?? message('R', int32(3))]))
      }
      while (began && unread.length >= 5 && unread.length > unread.readInt32BE(1)) {
        const end = unread.readInt32BE(1) + 1
        answer(socket, String.fromCharCode(unread.readUInt8()), unread.subarray(5, end))
        unread = unread.subarray(end)
      }
    })
  }
  const answer = (socket: tls.TLSSocket, type: string, body: Buffer) => {
    const text = body.toString('utf8').replace(/\0.*$/s, '')
    if (type === 'p') {
      passwords.push(text)
      const accepted = (play.accepts ?? ((password) => password.startsWith('good')))(text)
      const { code, message: why, detail } = play.refusal ?? { code: '28P01', message: 'token refused' }
      if (accepted) socket.write(admitted)
      else socket.end(errorMessage(code, why, detail))
    }
    if (type === 'Q') socket.write(row(text))
    if (type === 'X') socket.end()
  }

  const server = net.createServer((raw) => {
    raw.on('error', () => undefined)
    raw.once('data', () => {
      if (play.beforeTls !== undefined) {
        raw.end(play.beforeTls)
        return
      }
      raw.write('S', () => serve(new tls.TLSSocket(raw, { isServer: true, secureContext })))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: '127.0.0.1',
    port: (server.address() as net.AddressInfo).port,
    caPem: authority.caPem,
    passwords,
    firstPackets,
    endSessions: () => {
      for (const socket of open) socket.end(errorMessage('57P01', 'terminating connection'))
    },
    close: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
