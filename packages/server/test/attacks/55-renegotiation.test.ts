/**
 * Attack 55: what TLS lets a stranger do before the password. A handshake costs the server far more than the client, and
 * TLS 1.2 lets a client begin another on the connection that it has (CVE-2011-1473); PostgreSQL forbids that
 * (be-secure-openssl.c, SSL_OP_NO_RENEGOTIATION). Suites without authenticated encryption are those of Lucky 13 and
 * its kin, and those without ephemeral keys let whoever takes the key read what was recorded.
 */
import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectOverTls, getCiphers, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { passwordMessage, sslRequest, startupMessage } from '../stage/byte-builder.ts'
import { pooledEndpointOf } from '../stage/pooled-sessions.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const endpoints = [
  { name: 'the endpoint of an instance', address: lakegate.ready.instance },
  { name: 'the pooled endpoint', address: pooledEndpointOf(lakegate) },
]

interface Address {
  readonly host: string
  readonly port: number
}

interface Encrypted {
  readonly socket: TLSSocket
  /** Of the next record that the server sends, its type, which TLS 1.2 does not hide (RFC 5246 §6.2.1). */
  nextRecord(): Promise<number | undefined>
}

const ALERT = 21

/** Behind SSLRequest, or without one (sslnegotiation=direct). @throws when there is no agreement */
async function openTls(
  { host, port }: Address,
  options: ConnectionOptions,
  direct = false,
): Promise<Encrypted> {
  const plain = connectPlainly({ host, port })
  await once(plain, 'connect')
  if (!direct) {
    plain.write(sslRequest())
    await once(plain, 'data')
  }
  // Between the client's TLS and the wire, to see what is on it.
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      plain.write(chunk)
      done()
    },
  })
  plain.on('data', (chunk: Buffer) => wire.push(chunk)).on('error', () => undefined)
  plain.once('close', () => wire.destroy())
  wire.once('close', () => plain.destroy())
  // What this is about is not the trust in the certificate.
  const socket = connectOverTls({ socket: wire, rejectUnauthorized: false, ...options })
  try {
    await once(socket, 'secureConnect')
  } catch (error) {
    wire.destroy()
    throw error
  }
  socket.on('error', () => undefined)
  return {
    socket,
    nextRecord: () =>
      new Promise((resolve) => {
        plain.once('data', (chunk: Buffer) => {
          resolve(chunk[0])
        })
        plain.once('close', () => {
          resolve(undefined)
        })
      }),
  }
}

/** What the server answers to a client that begins another handshake on the connection. */
async function answerToRenegotiation({ socket, nextRecord }: Encrypted): Promise<number | undefined> {
  const record = nextRecord()
  socket.renegotiate({}, () => undefined)
  try {
    return await record
  } finally {
    socket.destroy()
  }
}

describe.each(endpoints)('$name', ({ address }) => {
  it('lets nobody begin a second handshake before the login', async () => {
    const encrypted = await openTls(address, { maxVersion: 'TLSv1.2' })
    expect(encrypted.socket.getProtocol()).toBe('TLSv1.2')
    expect(await answerToRenegotiation(encrypted)).toBe(ALERT)
  })

  it('lets nobody begin a second handshake where TLS came first', async () => {
    const options: ConnectionOptions = { maxVersion: 'TLSv1.2', ALPNProtocols: ['postgresql'] }
    expect(await answerToRenegotiation(await openTls(address, options, true))).toBe(ALERT)
  })

  it('lets nobody begin a second handshake in a session', async () => {
    const encrypted = await openTls(address, { maxVersion: 'TLSv1.2' })
    const { socket } = encrypted
    const { admin_user: user, instance } = lakegate.ready
    socket.write(
      startupMessage([
        ['user', user],
        ['database', instance.database],
      ]),
    )
    await once(socket, 'data')
    socket.write(passwordMessage(await mintCredential(lakegate.admin, instance.name)))
    // ReadyForQuery, idle
    const ready = Buffer.from('Z\0\0\0\x05I', 'latin1')
    for await (const said of on(socket, 'data'))
      if ((said as [Buffer])[0].subarray(-ready.length).equals(ready)) break
    expect(await answerToRenegotiation(encrypted)).toBe(ALERT)
  })

  it('agrees to no suite of TLS 1.2 but those with ephemeral keys and authenticated encryption', async () => {
    const agreed: string[] = []
    const offered = getCiphers().filter((name) => !name.startsWith('tls_'))
    expect(offered).toContain('ecdhe-ecdsa-aes128-sha256')
    for (const name of offered) {
      const options: ConnectionOptions = {
        maxVersion: 'TLSv1.2',
        // Level 0: this client would take the weakest.
        ciphers: `${name.toUpperCase()}:@SECLEVEL=0`,
      }
      const encrypted = await openTls(address, options).catch(() => undefined)
      if (encrypted !== undefined) agreed.push(encrypted.socket.getCipher().name)
      encrypted?.socket.destroy()
    }
    expect(agreed.sort()).toEqual([
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
    ])
  })

  it.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])(
    'speaks TLS 1.3 with %s',
    async (ciphers) => {
      const { socket } = await openTls(address, { minVersion: 'TLSv1.3', ciphers })
      expect(socket.getCipher().name).toBe(ciphers)
      socket.destroy()
    },
  )
})

describe('openssl', () => {
  it('is told that there is no renegotiation', async ({ skip }) => {
    const { host, port } = lakegate.ready.instance
    const client = spawn('openssl', [
      ...['s_client', '-connect', `${host}:${String(port)}`, '-starttls', 'postgres', '-tls1_2'],
    ])
    let said = ''
    client.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    client.stdout.on('data', (chunk: Buffer) => {
      // Its command for a second handshake, behind everything that it prints of the first.
      if (said.includes('RENEGOTIATING')) return
      if (chunk.toString().includes('Extended master secret')) client.stdin.write('R\n')
    })
    const isMissing = await new Promise<boolean>((resolve) => {
      client.once('error', () => {
        resolve(true)
      })
      client.once('exit', () => {
        resolve(false)
      })
    })
    if (isMissing) skip('openssl is not installed')
    expect(said).toContain('no renegotiation')
  })
})
