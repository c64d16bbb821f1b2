/**
 * TLS contexts by the name that their certificate is for. A context is used as long as its certificate is the current
 * one, so a reloaded or renewed certificate serves the next login and leaves open sessions alone (attack 41).
 */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ServerCertificate, ServerCertificates } from '../../operations/ports/certificates.ts'

/**
 * Ephemeral keys and authenticated encryption (RFC 9325 §4.2), for ECDSA certificates and for an operator's RSA
 * certificates.
 */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  ...['AES256-GCM-SHA384', 'CHACHA20-POLY1305', 'AES128-GCM-SHA256'].flatMap((encryption) =>
    ['ECDSA', 'RSA'].map((signature) => `ECDHE-${signature}-${encryption}`),
  ),
].join(':')

type CertificateHosts = readonly [string, ...string[]]

export interface SecureContexts {
  /** TLS 1.2 and later; one handshake per connection. */
  contextFor(...certificateHosts: CertificateHosts): Promise<SecureContext>
}

/** Names come from our own listeners, never from clients, so there are as many as listeners. */
export function createSecureContexts(certificates: ServerCertificates): SecureContexts {
  const known = new Map<
    string,
    { readonly certificate: ServerCertificate; readonly context: SecureContext }
  >()
  return {
    async contextFor(...certificateHosts) {
      const certificate = await certificates.certificateFor(...certificateHosts)
      const key = certificateHosts.join(' ')
      const entry = known.get(key)
      if (entry?.certificate === certificate) return entry.context
      const context = createSecureContext({
        cert: certificate.certificateChainPem,
        key: certificate.privateKeyPem.reveal(),
        minVersion: 'TLSv1.2',
        ciphers: SUITES,
        // As PostgreSQL does. A resumable session would be a second way in, and no PostgreSQL client resumes one.
        // Renegotiation costs us far more than the stranger who asks for it, and it could be repeated without end
        // (attack 55).
        secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      })
      known.set(key, { certificate, context })
      return context
    },
  }
}
