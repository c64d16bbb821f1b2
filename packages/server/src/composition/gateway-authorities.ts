/**
 * Whom the control plane believes to be a gateway when it connects to one as a client: whoever has a certificate of Lakegate's
 * own authority, of the authorities that Node knows, or that of the operator's file.
 */
import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import type { LoadedSettings } from '../config/load.ts'
import type { Foundation } from './foundation.ts'

/** The operator's file is read each time: it may have been renewed, and be its own authority. */
export function gatewayAuthoritiesOf(
  { authority }: Pick<Foundation, 'authority'>,
  settings: LoadedSettings,
): () => Promise<readonly string[]> {
  const file = settings['tls-certificate-file'].value
  return async () => [
    authority.certificatePem(),
    ...(file === undefined ? [] : [await readFile(file, 'utf8')]),
    ...rootCertificates,
  ]
}
