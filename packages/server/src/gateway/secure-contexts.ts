/**
 * TLS contexts by the name that their certificate is for. A context lives as long as its certificate is the current
 * one, so that a reloaded or renewed certificate serves the next login and touches no open session (attack 41).
 */
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ServerCertificate, ServerCertificates } from '../operations/ports/certificates.ts'

export interface SecureContexts {
  /** TLS 1.2 and later. */
  contextFor(certificateHost: string): Promise<SecureContext>
}

/** Names come from our own listeners, never from clients, so there are as many as listeners. */
export function createSecureContexts(certificates: ServerCertificates): SecureContexts {
  const known = new Map<
    string,
    { readonly certificate: ServerCertificate; readonly context: SecureContext }
  >()
  return {
    async contextFor(certificateHost) {
      const certificate = await certificates.certificateFor(certificateHost)
      const entry = known.get(certificateHost)
      if (entry?.certificate === certificate) return entry.context
      const context = createSecureContext({
        cert: certificate.certificateChainPem,
        key: certificate.privateKeyPem.reveal(),
        minVersion: 'TLSv1.2',
        // As PostgreSQL: a session that could be resumed is a second way in, and no client of PostgreSQL resumes one.
        secureOptions: constants.SSL_OP_NO_TICKET,
      })
      known.set(certificateHost, { certificate, context })
      return context
    },
  }
}
