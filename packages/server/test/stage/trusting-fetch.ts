/** `fetch` for an authority of a test: Node's own takes further ones from the environment of its start only. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'

export interface FetchOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: URLSearchParams | string
}
export type Fetch = (url: URL, options?: FetchOptions) => Promise<Response>

/** Follows no redirects. */
export function fetchTrusting(ca: string): Fetch {
  return async (url, { method = 'GET', headers = {}, body } = {}) => {
    const form =
      body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
    const asked = request(url, { method, headers: { ...form, ...headers }, ca, agent: false })
    asked.end(body?.toString())
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const content = await buffer(answer)
    const pairs = Object.entries(answer.headersDistinct).flatMap(([name, values]) =>
      (values ?? []).map((value): [string, string] => [name, value]),
    )
    return new Response(content.length === 0 ? null : new Uint8Array(content), {
      status: answer.statusCode ?? 0,
      headers: pairs,
    })
  }
}
