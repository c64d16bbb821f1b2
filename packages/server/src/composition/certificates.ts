/** Which certificate is shown: the operator's files, or one of Lakegate's own authority; read again on request. */
import type { LoadedSettings } from '../config/load.ts'
import { loadOperatorCertificate } from '../keys/operator-certificate.ts'
import type { ServerCertificates } from '../operations/ports/certificates.ts'
import type { Foundation } from './foundation.ts'

export interface CertificateSource extends ServerCertificates {
  /**
   * From now on what the settings name is shown.
   * @throws Fault tls_files_unusable, and goes on with what it has
   */
  reload(settings: LoadedSettings): Promise<void>
  /**
   * The same in two steps, for who has more to change or leave.
   * @returns takes it
   * @throws Fault tls_files_unusable
   */
  prepare(settings: LoadedSettings): Promise<() => void>
}

/** Settings that name a certificate and its key; of several pairs the first that is set counts. */
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
 * Of REST and OAuth.
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
