/**
 * TLS of REST and OAuth, on the port of HTTP: which certificate a connection is shown. The server name comes from an
 * unauthenticated client, so certificates are made only for our own names. A client that asks for another name gets the
 * certificate of the public URL, and its TLS library reports that the name differs.
 */
import { networkInterfaces } from 'node:os'
import type { LoadedSettings } from '../config/load.ts'
import { isLoopback } from '../domain/loopback.ts'
import { createSecureContexts } from '../gateway/listening/secure-contexts.ts'
import type { TlsContexts } from '../http/connections.ts'
import type { HttpListener } from '../http/listener.ts'
import { openHttpCertificateSource, type CertificateSource } from './certificates.ts'
import type { Foundation } from './foundation.ts'

/** Names and addresses by which this machine calls itself. */
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
  // An IPv6 address has brackets in a URL, but none in a certificate.
  const publicHost = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  const isWorkspace = async (name: string): Promise<boolean> => {
    try {
      return (await addresses.workspaceAt(name)).host === name
    } catch (error) {
      log.warn({ err: error }, 'it could not be looked up whether a host name belongs to a workspace')
      return false
    }
  }
  return {
    async contextFor({ address, serverName }) {
      // TLS server names are host names, never addresses (RFC 6066 §3): without one, the address that was reached is
      // meant.
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

/** Whole networks may be routed to this machine; certificates are made only for the addresses of its interfaces. */
const isOwnAddress = (address: string): boolean =>
  Object.values(networkInterfaces()).some((ones) => ones?.some((one) => one.address === address))
