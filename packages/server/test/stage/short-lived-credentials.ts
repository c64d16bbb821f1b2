/**
 * REST of a Lakegate whose database credentials live for seconds instead of an hour, so that a test sees a client through several
 * lifetimes. A credential is asked for at Lakegate itself, by whoever asks here, and then signed anew with an earlier end
 * (stage/insider.ts): who may mint, what the gateway checks, and what it answers to one that has expired are the real thing.
 * Everything else is passed through.
 */
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer, json } from 'node:stream/consumers'
import type { DatabaseCredential } from '@lakegate/client'
import { decodeJwt } from 'jose'
import { openInsider } from './insider.ts'
import type { Lakegate } from './lakegate.ts'

export interface ShortLivedCredentials {
  /** For DATABRICKS_HOST. */
  readonly url: string
  /** How many were minted so far. */
  minted(): number
  close(): Promise<void>
}

export async function serveShortLivedCredentials(
  lakegate: Lakegate,
  lifetimeSeconds: number,
): Promise<ShortLivedCredentials> {
  const insider = await openInsider(lakegate)
  let minted = 0

  const shorten = async (token: string): Promise<DatabaseCredential> => {
    const { sub = '', iat = 0, exp: _hour, ...claims } = decodeJwt(token)
    const expiresAt = new Date((iat + lifetimeSeconds) * 1000)
    const signed = await insider.sign(sub, { claims: { ...claims, iat, exp: iat + lifetimeSeconds } })
    minted += 1
    return { token: signed, expiration_time: expiresAt.toISOString() }
  }

  const server = createServer((request, response) => {
    pass(request, lakegate.ready.http_url)
      .then(async (answer) => {
        const isCredential =
          request.method === 'POST' &&
          request.url === '/api/2.0/database/credentials' &&
          answer.statusCode === 200
        if (!isCredential) return void answer.pipe(respond(response, answer))
        const { token } = (await json(answer)) as DatabaseCredential
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(await shorten(token)))
      })
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    minted: () => minted,
    async close() {
      server.closeAllConnections()
      server.close()
      await insider.close()
    },
  }
}

/** With the host that it was sent to: what Lakegate names as its own address is its own. */
async function pass(request: IncomingMessage, to: string): Promise<IncomingMessage> {
  const { host: _ours, connection: _hop, 'transfer-encoding': _framing, ...headers } = request.headers
  const body = await buffer(request)
  const passed = httpRequest(new URL(request.url ?? '/', to), {
    method: request.method,
    headers: { ...headers, 'content-length': body.length },
  })
  passed.end(body)
  const [answer] = (await once(passed, 'response')) as [IncomingMessage]
  return answer
}

const respond = (response: ServerResponse, answer: IncomingMessage): ServerResponse =>
  response.writeHead(answer.statusCode ?? 502, answer.headers)
