/** The operator's own certificate, from PEM files, checked before any client connects. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { ServerCertificates } from '../operations/ports/certificates.ts'

/**
 * One certificate for all hosts, from the operator's files.
 * @throws Fault tls_files_unusable when a file cannot be read, the pair does not match, it has expired, or TLS cannot
 * use it
 */
export async function loadOperatorCertificate(files: {
  readonly certificateFile: string
  readonly keyFile: string
  readonly now: Date
}): Promise<ServerCertificates> {
  try {
    const certificateChainPem = await readFile(files.certificateFile, 'utf8')
    const privateKeyPem = await readFile(files.keyFile, 'utf8')
    const leaf = new X509Certificate(certificateChainPem)
    if (!leaf.checkPrivateKey(createPrivateKey(privateKeyPem)))
      throw new Error('the key does not belong to the certificate')
    if (Date.parse(leaf.validTo) <= files.now.getTime())
      throw new Error(`the certificate expired at ${leaf.validTo}`)
    // OpenSSL accepts fewer signature algorithms for TLS than it can parse, and reports that only here.
    createSecureContext({ cert: certificateChainPem, key: privateKeyPem })
    const certificate = { certificateChainPem, privateKeyPem: new Redacted(privateKeyPem) }
    return { certificateFor: () => Promise.resolve(certificate) }
  } catch (cause) {
    throw new Fault({
      code: 'tls_files_unusable',
      origin: 'configuration',
      message: `The TLS files ${files.certificateFile} and ${files.keyFile} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      nextStep:
        'Name a PEM chain and its unencrypted private key with LAKEGATE_TLS_CERTIFICATE_FILE and LAKEGATE_TLS_KEY_FILE, or those of HTTP with LAKEGATE_HTTP_CERTIFICATE_FILE and LAKEGATE_HTTP_KEY_FILE.',
      cause,
    })
  }
}
