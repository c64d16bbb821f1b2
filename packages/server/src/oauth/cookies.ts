/** Cookies of our own pages, and the naming of all sign-in cookies; any other cookie is set by the OAuth library. */
import type { IncomingMessage, ServerResponse } from 'node:http'

const isOverTls = (publicUrl: string): boolean => publicUrl.startsWith('https:')

/**
 * Over TLS the name has the prefix `__Host-`. Browsers accept such a cookie only from this exact host: neither from
 * another host below the same domain, such as the host of another workspace, nor from somebody who answers for this
 * host in clear text (RFC 6265bis §4.1.3.2).
 */
export const cookieNameOf = (publicUrl: string, name: string): string =>
  `${isOverTls(publicUrl) ? '__Host-' : '_'}${name}`

/** A cookie with that prefix must have the path `/`. */
export const cookiePathOf = (publicUrl: string): string => (isOverTls(publicUrl) ? '/' : '/oidc')

/**
 * Not readable by scripts, not sent with posts of other sites (attack 33); sent only over TLS when the public URL is
 * https.
 */
export const attributesOf = (publicUrl: string, maxAgeSeconds: number): string =>
  `; Path=${cookiePathOf(publicUrl)}; HttpOnly; SameSite=Lax; Max-Age=${String(maxAgeSeconds)}${isOverTls(publicUrl) ? '; Secure' : ''}`

/** @returns the value as it was set; undefined when there is none, or when we did not set it */
export function readCookie(
  { request, publicUrl }: { readonly request: IncomingMessage; readonly publicUrl: string },
  name: string,
): string | undefined {
  const value = request.headers.cookie
    ?.split(';')
    .map((pair) => pair.trim().split('='))
    .find(([key]) => key === cookieNameOf(publicUrl, name))?.[1]
  if (value === undefined) return undefined
  try {
    return decodeURIComponent(value)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

export function setCookie(
  { response, publicUrl }: { readonly response: ServerResponse; readonly publicUrl: string },
  cookie: { readonly name: string; readonly value: string; readonly maxAgeSeconds: number },
): void {
  response.appendHeader(
    'set-cookie',
    `${cookieNameOf(publicUrl, cookie.name)}=${encodeURIComponent(cookie.value)}${attributesOf(publicUrl, cookie.maxAgeSeconds)}`,
  )
}
