/** Reads a posted form, bounded, and knows whether it was posted from a page of ours. */
import type { IncomingMessage } from 'node:http'

const LARGEST_FORM = 16 * 1024

/** @returns undefined when it is no form, or too large */
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
 * Forged requests of other sites (attack 33): browsers say where a post comes from, by Sec-Fetch-Site or by Origin.
 * What says neither is no browser, and has no cookie that somebody else could use.
 */
export function isFromOurPage(request: IncomingMessage, publicUrl: string): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin } = request.headers
  return origin === undefined || origin === publicUrl
}
