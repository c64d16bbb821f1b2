/** The gateway's answers when an attached cluster asks it for a proof; only the agreed method is accepted. */
import type { TLSSocket } from 'node:tls'
import type { BackendCredential } from '../../operations/ports/attached.ts'
import { startScram, type ScramProof, type ScramStart } from '../../protocol/scram-client.ts'
import { unavailable, type BackendProof } from './backend-login.ts'
import { peerEndPoint } from '../proof/channel-binding.ts'

const SASL = 10
const SASL_CONTINUE = 11
const SASL_FINAL = 12

export function proofOf(credential: BackendCredential, socket: TLSSocket, nonce: string): BackendProof {
  return credential.kind === 'client_certificate' ? BY_CERTIFICATE : scramProof(credential.key, socket, nonce)
}

/**
 * The certificate was presented in the TLS handshake; a cluster that asks for more has another pg_hba.conf rule for the
 * gateway.
 */
const BY_CERTIFICATE: BackendProof = {
  answer: () => {
    throw unavailable(
      'The cluster asks for a password instead of the certificate; its pg_hba.conf needs a line hostssl … cert for the gateway.',
    )
  },
  isComplete: () => true,
}

function scramProof(
  key: Extract<BackendCredential, { readonly kind: 'scram' }>['key'],
  socket: TLSSocket,
  nonce: string,
): BackendProof {
  let step: 'first' | ScramStart | ScramProof | 'proven' = 'first'
  const require = <Value>(value: Value | undefined, problem: string): Value => {
    if (value === undefined) throw unavailable(problem)
    return value
  }
  return {
    answer({ code, body }) {
      if (code === SASL && step === 'first') {
        step = require(startScram(
          body,
          key.reveal(),
          peerEndPoint(socket),
          nonce,
        ), 'The cluster offers no SCRAM-SHA-256.')
        return step.message
      }
      if (code === SASL_CONTINUE && typeof step === 'object' && 'proceed' in step) {
        step = require(step.proceed(
          body,
        ), 'The cluster does not have the key that Lakegate put on the role; somebody set another password.')
        return step.message
      }
      if (code === SASL_FINAL && typeof step === 'object' && 'isProvenBy' in step) {
        if (!step.isProvenBy(body))
          throw unavailable('The cluster does not prove that it has the key of the role.')
        step = 'proven'
        return undefined
      }
      throw unavailable('The cluster asks for another proof than SCRAM-SHA-256; check its pg_hba.conf.')
    },
    isComplete: () => step === 'proven',
  }
}
