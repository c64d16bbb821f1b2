/**
 * `--debug`: says on standard error which requests are made, how they were answered and how long that took. Neither headers
 * nor bodies are said: tokens, credentials and secrets are in them. What an address says behind `?` is said only of REST.
 */
import { printable } from '../output/printable.ts'

export const fetchAloud: typeof fetch = async (input, options) => {
  const url = new URL(input instanceof Request ? input.url : input)
  // Codes of an authorization server may stand there.
  const shown = `${url.origin}${url.pathname}${url.pathname.startsWith('/api/') ? url.search : ''}`
  const method = options?.method ?? 'GET'
  const begin = performance.now()
  const say = (outcome: string) => {
    const milliseconds = Math.round(performance.now() - begin)
    process.stderr.write(`${printable(`${method} ${shown}: ${outcome}, ${String(milliseconds)} ms`)}\n`)
  }
  try {
    const response = await fetch(input, options)
    const request = response.headers.get('x-request-id')
    say(`${String(response.status)}${request === null ? '' : ` (request ${request})`}`)
    return response
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    say(`failed: ${cause instanceof Error ? cause.message : String(cause)}`)
    throw error
  }
}
