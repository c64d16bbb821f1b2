/** Reads a posted form of limited size, and checks that it was posted from a page of ours. */
import type { IncomingMessage } from 'node:http'

const LARGEST_FORM = 16 * 1024

/** @returns undefined when the body is not a form, or is too large */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded')
    return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_FORM) return undefined
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

/**
 * Detects forged requests of other sites (attack 33): browsers send where a post comes from, in Sec-Fetch-Site or in
 * Origin. A client that sends neither is not a browser, so it has no cookie that another site could misuse.
 */
export function isFromOurPage(request: IncomingMessage, publicUrl: string): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin } = request.headers
  return origin === undefined || origin === publicUrl
}
