/**
 * TLS of REST and OAuth, on the port of HTTP: which certificate a connection is shown. Names come from strangers here, so
 * certificates are made for those only that are ours; whoever asks for another name sees the one of the public URL, and
 * reads from its own TLS library that the name differs.
 */
import { networkInterfaces } from 'node:os'
import type { LoadedSettings } from '../config/load.ts'
import { isLoopback } from '../domain/loopback.ts'
import { createSecureContexts } from '../gateway/listening/secure-contexts.ts'
import type { TlsContexts } from '../http/connections.ts'
import type { HttpListener } from '../http/listener.ts'
import { openHttpCertificateSource, type CertificateSource } from './certificates.ts'
import type { Foundation } from './foundation.ts'

/** Names and addresses of this machine to itself. */
const HERE = ['localhost', '127.0.0.1', '::1'] as const

/**
 * From here on the listener speaks TLS.
 * @throws Fault tls_files_unusable
 */
export async function openHttps(
  foundation: Pick<Foundation, 'authority' | 'clock' | 'addresses' | 'log'>,
  settings: LoadedSettings,
  { listener, publicUrl }: { readonly listener: Pick<HttpListener, 'secure'>; readonly publicUrl: string },
): Promise<Pick<CertificateSource, 'prepare'>> {
  const certificates = await openHttpCertificateSource(foundation, settings)
  listener.secure(chooseContexts(foundation, createSecureContexts(certificates), publicUrl))
  return certificates
}

function chooseContexts(
  { addresses, log }: Pick<Foundation, 'addresses' | 'log'>,
  contexts: ReturnType<typeof createSecureContexts>,
  publicUrl: string,
): TlsContexts {
  // An address of IPv6 has brackets in a URL, and none in a certificate.
  const publicHost = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  const isWorkspace = async (name: string): Promise<boolean> => {
    try {
      return (await addresses.workspaceAt(name)).host === name
    } catch (error) {
      log.warn({ err: error }, 'it cannot be asked whether a host is that of a workspace')
      return false
    }
  }
  return {
    async contextFor({ address, serverName }) {
      // TLS names hosts, never addresses (RFC 6066 §3): then the one that was reached is meant.
      const name = serverName?.toLowerCase() ?? address
      const isKnown = name === publicHost || (HERE as readonly string[]).includes(name)
      if (!isKnown && (await isWorkspace(name))) return contexts.contextFor(name)
      if (isLoopback(address)) return contexts.contextFor(publicHost, ...HERE)
      return isOwnAddress(address)
        ? contexts.contextFor(publicHost, address)
        : contexts.contextFor(publicHost)
    },
  }
}

/** Whole networks may lead to this machine; certificates are made for what its interfaces are called. */
const isOwnAddress = (address: string): boolean =>
  Object.values(networkInterfaces()).some((ones) => ones?.some((one) => one.address === address))
