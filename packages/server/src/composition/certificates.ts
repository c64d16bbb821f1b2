/**
 * Chooses the certificate that is presented: the operator's files, or one of Lakegate's own authority; read again on
 * request.
 */
import type { LoadedSettings } from '../config/load.ts'
import { loadOperatorCertificate } from '../keys/operator-certificate.ts'
import type { ServerCertificates } from '../operations/ports/certificates.ts'
import type { Foundation } from './foundation.ts'

export interface CertificateSource extends ServerCertificates {
  /**
   * Presents the certificate that the settings name from now on.
   * @throws Fault tls_files_unusable, and keeps the current certificate
   */
  reload(settings: LoadedSettings): Promise<void>
  /**
   * `reload` in two steps, for a caller that must prepare other things before it commits.
   * @returns a function that switches to the new certificate
   * @throws Fault tls_files_unusable
   */
  prepare(settings: LoadedSettings): Promise<() => void>
}

/** Settings that name a certificate and its key. Where several pairs are given, the first that is set is used. */
type FilePair = readonly [
  certificate: 'tls-certificate-file' | 'http-certificate-file',
  key: 'tls-key-file' | 'http-key-file',
]
const GATEWAY_FILES: FilePair = ['tls-certificate-file', 'tls-key-file']
const HTTP_FILES: FilePair = ['http-certificate-file', 'http-key-file']

/** @throws Fault tls_files_unusable */
export const openCertificateSource = (
  foundation: Pick<Foundation, 'authority' | 'clock'>,
  settings: LoadedSettings,
): Promise<CertificateSource> => openSource(foundation, settings, [GATEWAY_FILES])

/**
 * The certificates of REST and OAuth.
 * @throws Fault tls_files_unusable
 */
export const openHttpCertificateSource = (
  foundation: Pick<Foundation, 'authority' | 'clock'>,
  settings: LoadedSettings,
): Promise<CertificateSource> => openSource(foundation, settings, [HTTP_FILES, GATEWAY_FILES])

async function openSource(
  foundation: Pick<Foundation, 'authority' | 'clock'>,
  settings: LoadedSettings,
  pairs: readonly FilePair[],
): Promise<CertificateSource> {
  let current = await chooseCertificates(foundation, settings, pairs)
  const prepare = async (next: LoadedSettings) => {
    const prepared = await chooseCertificates(foundation, next, pairs)
    return () => {
      current = prepared
    }
  }
  return {
    certificateFor: (...hosts) => current.certificateFor(...hosts),
    prepare,
    async reload(next) {
      const take = await prepare(next)
      take()
    },
  }
}

async function chooseCertificates(
  { authority, clock }: Pick<Foundation, 'authority' | 'clock'>,
  settings: LoadedSettings,
  pairs: readonly FilePair[],
): Promise<ServerCertificates> {
  for (const [certificate, key] of pairs) {
    const { value: certificateFile } = settings[certificate]
    const { value: keyFile } = settings[key]
    // Both are set, or neither (config/check-together.ts).
    if (certificateFile === undefined || keyFile === undefined) continue
    return loadOperatorCertificate({ certificateFile, keyFile, now: clock() })
  }
  return authority
}
