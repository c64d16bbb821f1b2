/** A certificate authority of a test, and files of what it issues, as an operator has them. */
import { writeFile } from 'node:fs/promises'
import { createCertificateAuthority } from '../../src/keys/certificate-authority.ts'
import type {
  ServerCertificates,
  StoredCertificateAuthority,
} from '../../src/operations/ports/certificates.ts'

export interface TestAuthority extends ServerCertificates {
  readonly caPem: string
  /** Writes a certificate for the host and its key. */
  issue(host: string, files: { readonly certificate: string; readonly key: string }): Promise<void>
}

export async function createTestAuthority(): Promise<TestAuthority> {
  let stored: StoredCertificateAuthority | undefined
  const authority = createCertificateAuthority({
    store: {
      loadCertificateAuthority: () => Promise.resolve(stored),
      insertCertificateAuthority: (made) => Promise.resolve((stored = made)),
    },
    encryption: { encrypt: (bytes) => Buffer.from(bytes), decrypt: (bytes) => Buffer.from(bytes) },
    clock: () => new Date(),
  })
  await authority.start()
  return {
    caPem: authority.certificatePem(),
    certificateFor: (...hosts) => authority.certificateFor(...hosts),
    async issue(host, files) {
      const { certificateChainPem, privateKeyPem } = await authority.certificateFor(host)
      await writeFile(files.key, privateKeyPem.reveal(), { mode: 0o600 })
      await writeFile(files.certificate, certificateChainPem)
    },
  }
}
