/**
 * A connection to the gateway inside TLS, with the certificate and the name of the host checked: what libpq calls
 * sslmode=verify-full. There is no way to ask for less, because a token sent to the wrong server opens sessions of its owner.
 */
import net from 'node:net'
import tls from 'node:tls'
import type { InstanceConnection } from '../connection.ts'
import { LoginError } from './login-error.ts'
import { SSL_REQUEST, violation } from './messages.ts'

/** Load balancers forget connections that are silent for minutes; probes keep them known. */
const KEEP_ALIVE_DELAY_MS = 30_000

/** @param signal ends the attempt, and the connection if it is open */
export function openTls(
  { host, port, ca }: Pick<InstanceConnection, 'host' | 'port' | 'ca'>,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const raw = net.connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    })
    const fail = (error: unknown) => {
      raw.destroy()
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    raw.on('error', fail)
    raw.once('close', () => {
      fail(
        new LoginError(
          'CONNECTION_CLOSED',
          `${host}:${String(port)} closed the connection before TLS was established.`,
          'Check that the instance is available, and that host and port are those of its endpoint.',
        ),
      )
    })
    raw.once('connect', () => raw.write(SSL_REQUEST))
    raw.once('data', (answer: Buffer) => {
      // Bytes behind the answer were put there by somebody who cannot speak inside TLS.
      if (answer.length !== 1 || answer[0] !== 'S'.charCodeAt(0)) {
        fail(noTls(answer, host, port))
        return
      }
      const secure = tls.connect({
        socket: raw,
        // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 changes what is meant by saying nothing.
        rejectUnauthorized: true,
        // Whose certificate it must be. Addresses are compared with those in the certificate, and are no name to ask for
        // (RFC 6066 §3).
        host,
        ...(net.isIP(host) === 0 ? { servername: host } : {}),
        ...(ca === undefined ? {} : { ca }),
      })
      const untrusted = (error: Error) => {
        fail(explain(error, host))
      }
      secure.once('error', untrusted)
      secure.once('secureConnect', () => {
        secure.off('error', untrusted)
        // Who reads from it listens as well; between two readers a lost connection must not end the process.
        secure.on('error', () => undefined)
        resolve(secure)
      })
    })
  })
}

function noTls(answer: Buffer, host: string, port: number): Error {
  if (answer.toString('latin1') !== 'N') return violation('the server did not answer the request for TLS')
  return new LoginError(
    'TLS_NOT_OFFERED',
    `${host}:${String(port)} does not offer TLS, without which no token is sent.`,
    'Connect to the host that the instance reports as read_write_dns.',
  )
}

function explain(error: Error, host: string): Error {
  const code = 'code' in error ? String(error.code) : ''
  if (!/CERT|UNABLE_TO_|SELF_SIGNED/.test(code)) return error
  return new LoginError(
    'CERTIFICATE_NOT_TRUSTED',
    `The certificate of ${host} is not trusted (${code}: ${error.message}).`,
    'Give the connection the certificate of its authority as `ca`; with Lakegate that is ca.pem of the data directory.',
    error,
  )
}
