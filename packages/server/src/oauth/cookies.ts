/** Cookies of our own pages; those of the OAuth library are its own. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** @returns the value as it was set; undefined when there is none, or it was not set by us */
export function readCookie(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers.cookie
    ?.split(';')
    .map((pair) => pair.trim().split('='))
    .find(([key]) => key === name)?.[1]
  if (value === undefined) return undefined
  try {
    return decodeURIComponent(value)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** Not for scripts, not for posts of other sites (attack 33); over TLS only where the public URL is. */
export function setCookie(
  { response, publicUrl }: { readonly response: ServerResponse; readonly publicUrl: string },
  cookie: { readonly name: string; readonly value: string; readonly maxAgeSeconds: number },
): void {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : ''
  response.appendHeader(
    'set-cookie',
    `${cookie.name}=${encodeURIComponent(cookie.value)}; Path=/oidc; HttpOnly; SameSite=Lax; Max-Age=${String(cookie.maxAgeSeconds)}${secure}`,
  )
}
