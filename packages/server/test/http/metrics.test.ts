/** Who may read /metrics. */
import { createServer, request, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Redacted } from '../../src/domain/redacted.ts'
import { createMetricsHandler } from '../../src/http/metrics.ts'

async function statusOf(handler: RequestListener, headers: Record<string, string> = {}, path = '/metrics') {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await new Promise<number | undefined>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
  } finally {
    server.close()
  }
}
const render = () => Promise.resolve('up 1\n')

describe('/metrics for this machine', () => {
  const handler = createMetricsHandler(undefined, render)
  it.each([
    ['this machine', {}, 200],
    ['this machine by name', { host: 'localhost:8470' }, 200],
    ['a page that points its own name at this machine', { host: 'evil.example.com' }, 403],
    ['somebody behind a proxy', { 'x-forwarded-for': '203.0.113.7' }, 403],
    ['somebody behind a proxy that says so as RFC 7239 does', { forwarded: 'for=203.0.113.7' }, 403],
  ])('answers %s accordingly', async (_who, headers, status) => {
    expect(await statusOf(handler, headers)).toBe(status)
  })

  it('is one page', async () => {
    expect(await statusOf(handler, {}, '/metrics/../other')).toBe(404)
  })

  it('says that it cannot, when it cannot', async () => {
    expect(await statusOf(createMetricsHandler(undefined, () => Promise.reject(new Error('no'))))).toBe(503)
  })
})

describe('/metrics for a token', () => {
  const handler = createMetricsHandler(new Redacted('the token'.replace(' ', '-')), render)
  it.each([
    ['no token', {}, 401],
    ['another token', { authorization: 'Bearer the-other' }, 401],
    ['the token', { authorization: 'Bearer the-token' }, 200],
    ['the token behind a proxy', { authorization: 'bearer the-token', forwarded: 'for=203.0.113.7' }, 200],
  ])('answers %s accordingly', async (_who, headers, status) => {
    expect(await statusOf(handler, headers)).toBe(status)
  })
})
