/** Cookies of our own pages, and how all cookies of signing in are named; what else the OAuth library sets is its own. */
import type { IncomingMessage, ServerResponse } from 'node:http'

const isOverTls = (publicUrl: string): boolean => publicUrl.startsWith('https:')

/**
 * Over TLS a name that browsers take from this very host only: neither from a neighbour below the same domain, as the
 * host of another workspace is, nor from whoever answers for it in clear (RFC 6265bis §4.1.3.2).
 */
export const cookieNameOf = (publicUrl: string, name: string): string =>
  `${isOverTls(publicUrl) ? '__Host-' : '_'}${name}`

/** Such a name must be for all paths. */
export const cookiePathOf = (publicUrl: string): string => (isOverTls(publicUrl) ? '/' : '/oidc')

/** Not for scripts, not for posts of other sites (attack 33); over TLS only where the public URL is. */
export const attributesOf = (publicUrl: string, maxAgeSeconds: number): string =>
  `; Path=${cookiePathOf(publicUrl)}; HttpOnly; SameSite=Lax; Max-Age=${String(maxAgeSeconds)}${isOverTls(publicUrl) ? '; Secure' : ''}`

/** @returns the value as it was set; undefined when there is none, or it was not set by us */
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
