/**
 * Connects to one host of an attached cluster over verified TLS: SSLRequest, exactly one byte of answer, the handshake.
 * Plain text that follows that byte would later be taken for encrypted data (CVE-2021-23222), so any is an error
 * (attack 15).
 */
import { once } from 'node:events'
import { connect as connectPlainly, isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect as connectOverTls, type TLSSocket } from 'node:tls'
import type { AttachedCluster, ClusterHost } from '../../domain/attached-cluster.ts'
import type { BackendCredential } from '../../operations/ports/attached.ts'
import { encodeSslRequest } from '../../protocol/startup.ts'
import { readToEnd } from '../read-to-end.ts'

/** For one host; several hosts in turn must fit into the deadline of a login. */
const LIMIT_MS = 3_000

/** @throws Error whose message can follow the host's name in a sentence */
export async function reachHost(
  { host, port }: ClusterHost,
  tls: AttachedCluster['tls'],
  credential: BackendCredential | undefined,
  deadline: AbortSignal,
): Promise<TLSSocket> {
  const signal = AbortSignal.any([deadline, AbortSignal.timeout(LIMIT_MS)])
  const plain = connectPlainly({ host, port, noDelay: true })
  plain.on('error', () => undefined)
  try {
    await once(plain, 'connect', { signal })
    await requestTls(plain, signal)
    const encrypted = connectOverTls({
      socket: plain,
      minVersion: 'TLSv1.2',
      ...(tls.caPem === undefined ? {} : { ca: tls.caPem }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(credential?.kind === 'client_certificate'
        ? { cert: credential.certificateChainPem, key: credential.privateKeyPem.reveal() }
        : {}),
      checkServerIdentity: (_name, certificate) =>
        tls.mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
    })
    encrypted.on('error', () => undefined)
    await once(encrypted, 'secureConnect', { signal })
    return readToEnd(encrypted)
  } catch (error) {
    plain.destroy()
    deadline.throwIfAborted()
    throw signal.aborted ? new Error('it did not answer in time', { cause: error }) : error
  }
}

async function requestTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(encodeSslRequest())
  const closed = new AbortController()
  const onClose = () => {
    closed.abort()
  }
  socket.once('close', onClose)
  try {
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.any([signal, closed.signal]) })) as [
      Buffer,
    ]
    if (answer.length === 1 && answer[0] === 'S'.charCodeAt(0)) return
    throw new Error(
      answer[0] === 'N'.charCodeAt(0) ? 'it refuses TLS' : 'it answers the request for TLS out of turn',
    )
  } catch (error) {
    throw closed.signal.aborted ? new Error('it closes the connection', { cause: error }) : error
  } finally {
    socket.off('close', onClose)
  }
}
