/**
 * Which authorities the control plane trusts when it connects to a gateway as a client: Lakegate's own, those that Node
 * knows, and that of the operator's certificate file.
 */
import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import type { LoadedSettings } from '../config/load.ts'
import type { Foundation } from './foundation.ts'

/** The operator's file is read each time: it may have been renewed, and its certificate may be self-signed. */
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
