/** Which certificate the gateway shows: the operator's files, or Lakegate's own authority; read again on request. */
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
}

/** @throws Fault tls_files_unusable */
export async function openCertificateSource(
  foundation: Pick<Foundation, 'authority' | 'clock'>,
  settings: LoadedSettings,
): Promise<CertificateSource> {
  let current = await chooseCertificates(foundation, settings)
  return {
    certificateFor: (host) => current.certificateFor(host),
    async reload(next) {
      current = await chooseCertificates(foundation, next)
    },
  }
}

async function chooseCertificates(
  { authority, clock }: Pick<Foundation, 'authority' | 'clock'>,
  settings: LoadedSettings,
): Promise<ServerCertificates> {
  const certificateFile = settings['tls-certificate-file'].value
  const keyFile = settings['tls-key-file'].value
  // Both are set, or neither (config/check-together.ts).
  if (certificateFile === undefined || keyFile === undefined) return authority
  return loadOperatorCertificate({ certificateFile, keyFile, now: clock() })
}
