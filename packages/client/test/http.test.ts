/** What a request of the REST API does when the answer is not the one that was hoped for. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { LakegateApiError, LakegateConnectionError } from '../src/errors.ts'
import { createLakegateHttp, type HttpMethod, type HttpOptions } from '../src/http.ts'
import type { TokenSource } from '../src/tokens/token-source.ts'
import { json, playFetch } from './stage/played-fetch.ts'
import { TurnedClock } from './stage/turned-clock.ts'

const HOST = 'https://workspace.example.com'
const error = (status: number, headers: Record<string, string> = {}) =>
  json(status, { error_code: 'BROKEN', message: `status ${String(status)}` }, headers)
const fine = json(200, { fine: true })

function asking(answers: Parameters<typeof playFetch>, options: HttpOptions = {}) {
  const network = playFetch(...answers)
  const clock = new TurnedClock()
  const http = createLakegateHttp(HOST, () => 'secret', {
    fetch: network.fetch,
    clock,
    random: () => 1,
    attempts: 4,
    ...options,
  })
  /** Lets all the time pass that the request waits. */
  async function ask(method: HttpMethod, body?: unknown) {
    const outcome = http.request(method, '/api/2.0/thing', body).then(
      (answer) => answer,
      (failure: unknown) => failure,
    )
    await clock.pass(200_000)
    return outcome
  }
  return { ...network, http, clock, ask }
}

describe('a request', () => {
  it('carries the token, and what is sent as JSON', async () => {
    const { ask, asked } = asking([fine])
    expect(await ask('POST', { name: 'x' })).toEqual({ fine: true })
    expect(asked).toMatchObject([{ method: 'POST', url: `${HOST}/api/2.0/thing`, body: '{"name":"x"}' }])
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
      accept: 'application/json',
      authorization: 'Bearer secret',
      'content-type': 'application/json',
    })
  })

  it('may have an empty answer', async () => {
    const { ask } = asking([new Response(null, { status: 200 })])
    expect(await ask('DELETE')).toEqual({})
  })

  it.each([
    ['of the REST API', { error_code: 'NOT_FOUND', message: 'gone' }, 'NOT_FOUND', 'gone'],
    ['of SCIM', { schemas: [], detail: 'no such user', status: '404' }, 'SCIM_404', 'no such user'],
    ['of OAuth', { error: 'invalid_grant', error_description: 'expired' }, 'invalid_grant', 'expired'],
    ['of somebody else', ['?'], 'HTTP_404', 'The server answered with the status 404.'],
  ])('fails with the error %s', async (_whose, body, errorCode, message) => {
    const { ask } = asking([json(404, body)])
    const failure = await ask('GET')
    expect(failure).toBeInstanceOf(LakegateApiError)
    expect(failure).toMatchObject({ status: 404, errorCode, message })
    expect(failure).toHaveProperty('nextStep', expect.stringContaining('Check the name'))
  })

  it.each(['//evil.example.com/x', 'https://evil.example.com/x', 'http://workspace.example.com/x'])(
    'is not sent to another host: %s',
    async (path) => {
      const { http, asked } = asking([fine])
      await expect(http.request('GET', path)).rejects.toThrow('nothing was sent')
      expect(asked).toEqual([])
    },
  )

  it('that is refused says why for programs, and by which id the server logged it', async () => {
    const details = [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'NOT_A_MEMBER',
        domain: 'd',
        metadata: {},
      },
      {
        '@type': 'type.googleapis.com/google.rpc.RequestInfo',
        request_id: 'id 1',
        serving_data: '',
        metadata: {},
      },
    ]
    const { ask } = asking([json(403, { error_code: 'PERMISSION_DENIED', message: 'no', details })])
    expect(await ask('GET')).toMatchObject({ reason: 'NOT_A_MEMBER', requestId: 'id 1', details })
  })

  it('whose caller has no more interest does not wait for its token', async () => {
    const { fetch, asked } = playFetch(fine)
    const http = createLakegateHttp(HOST, () => new Promise<string>(() => undefined), { fetch })
    const caller = new AbortController()
    const one = http
      .request('GET', '/x', undefined, { signal: caller.signal })
      .catch((reason: unknown) => reason)
    const reason = new Error('gone home')
    caller.abort(reason)
    expect(await one).toBe(reason)
    expect(asked).toEqual([])
  })

  it('does not follow a redirect with the token', async () => {
    const { ask, asked } = asking([
      new Response(null, { status: 302, headers: { location: 'https://elsewhere' } }),
    ])
    expect(await ask('GET')).toMatchObject({
      status: 302,
      message: 'The server redirects to https://elsewhere.',
    })
    expect(asked).toHaveLength(1)
  })

  it('fails when the answer is a page', async () => {
    const { ask } = asking([new Response('<html>', { status: 200 })])
    expect(await ask('GET')).toMatchObject({ name: 'LakegateConnectionError', code: 'NOT_JSON' })
  })

  it('fails when the answer is longer than it may be', async () => {
    const { ask } = asking([json(200, 'x'.repeat(2_000))], { answerLimitBytes: 1_000 })
    expect(await ask('GET')).toMatchObject({ code: 'ANSWER_TOO_LONG' })
  })
})

describe('a request that is answered by 429 or 5xx', () => {
  it.each([
    ['GET', 500],
    ['GET', 429],
    ['PUT', 502],
    ['DELETE', 504],
    ['POST', 429],
    ['PATCH', 429],
  ] as const)('is repeated: %s after %i', async (method, status) => {
    const { ask, asked } = asking([error(status), error(status), fine])
    expect(await ask(method)).toEqual({ fine: true })
    expect(asked).toHaveLength(3)
  })

  it.each([
    ['POST', 500],
    ['POST', 502],
    ['POST', 503],
    ['PATCH', 504],
    ['GET', 501],
    ['GET', 404],
    ['GET', 400],
  ] as const)(
    'is not repeated where that could do something twice, or is of no use: %s after %i',
    async (method, status) => {
      const { ask, asked } = asking([error(status), fine])
      expect(await ask(method)).toMatchObject({ status })
      expect(asked).toHaveLength(1)
    },
  )

  it('is repeated after 503 when the server says when to come back, because it did nothing then', async () => {
    const { ask, asked } = asking([error(503, { 'retry-after': '2' }), fine])
    expect(await ask('POST')).toEqual({ fine: true })
    expect(asked).toHaveLength(2)
  })

  it('waits as long as the server says, by its clock', async () => {
    const date = 'Thu, 01 Jan 1998 00:00:00 GMT'
    const later = 'Thu, 01 Jan 1998 00:00:30 GMT'
    const { http, clock, asked } = asking([error(429, { date, 'retry-after': later }), fine])
    const one = http.request('GET', '/x')
    await clock.pass(30_000)
    expect(asked).toHaveLength(1)
    await clock.pass(600)
    expect(await one).toEqual({ fine: true })
  })

  it('fails when that does not end', async () => {
    const { ask, asked } = asking([error(503)])
    expect(await ask('GET')).toMatchObject({ status: 503 })
    expect(asked).toHaveLength(4)
  })

  it('is not repeated by createLakegateHttp unless that is asked for', async () => {
    const { fetch, asked } = playFetch(error(503))
    await expect(createLakegateHttp(HOST, () => '', { fetch }).request('GET', '/x')).rejects.toMatchObject({
      status: 503,
    })
    expect(asked).toHaveLength(1)
  })

  it('stops waiting when the caller has no more interest', async () => {
    const { http, clock, asked } = asking([error(503)])
    const caller = new AbortController()
    const one = http
      .request('GET', '/x', undefined, { signal: caller.signal })
      .catch((failure: unknown) => failure)
    await clock.pass(1)
    const reason = new Error('gone home')
    caller.abort(reason)
    expect(await one).toBe(reason)
    expect(asked).toHaveLength(1)
  })
})

describe('a request whose token is refused', () => {
  function sourceOf(...values: string[]): TokenSource & { readonly refused: string[] } {
    const refused: string[] = []
    return {
      refused,
      token: async () => ({ value: values[0] ?? '', expiresAt: undefined }),
      refuse(value) {
        refused.push(value)
        if (values.length > 1) values.shift()
      },
      close: () => undefined,
    }
  }
  const statusByToken = (good: string) =>
    playFetch(({ headers }) =>
      headers.get('authorization') === `Bearer ${good}` ? fine.clone() : error(401),
    )

  it('is repeated once with a new one', async () => {
    const { fetch, asked } = statusByToken('new')
    const source = sourceOf('old', 'new')
    expect(await createLakegateHttp(HOST, source, { fetch }).request('POST', '/x', {})).toEqual({
      fine: true,
    })
    expect(source.refused).toEqual(['old'])
    expect(asked).toHaveLength(2)
  })

  it('fails when the new one is refused as well', async () => {
    const { fetch, asked } = statusByToken('none')
    const http = createLakegateHttp(HOST, sourceOf('old', 'new', 'newer'), { fetch })
    await expect(http.request('GET', '/x')).rejects.toMatchObject({ status: 401 })
    expect(asked).toHaveLength(2)
  })

  it('does not repeat what the source could not get', async () => {
    const { fetch, asked } = playFetch(fine)
    let count = 0
    const failing: TokenSource = {
      ...sourceOf('x'),
      token: async () => {
        count += 1
        throw new LakegateApiError(503, { error_code: 'X', message: 'no token' })
      },
    }
    const http = createLakegateHttp(HOST, failing, { fetch, attempts: 4 })
    await expect(http.request('GET', '/x')).rejects.toThrow('no token')
    expect([count, asked.length]).toEqual([1, 0])
  })

  it('fails at once when there is no other', async () => {
    const { fetch, asked } = statusByToken('none')
    await expect(
      createLakegateHttp(HOST, sourceOf('only'), { fetch }).request('GET', '/x'),
    ).rejects.toMatchObject({
      status: 401,
    })
    expect(asked).toHaveLength(1)
  })
})

describe('a request without an answer', () => {
  const servers: ReturnType<typeof createServer>[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })
  async function listen(answer: Parameters<typeof createServer>[1] & object): Promise<string> {
    const server = createServer(answer)
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  }
  const failureOf = (host: string, options?: HttpOptions) =>
    createLakegateHttp(host, () => '', { attempts: 4, ...options })
      .request('GET', '/x')
      .then(
        () => undefined,
        (failure: unknown) => failure,
      )

  it('says that nobody listens', async () => {
    const host = await listen(() => undefined)
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve))
    const failure = await failureOf(host)
    expect(failure).toBeInstanceOf(LakegateConnectionError)
    expect(failure).toMatchObject({
      code: 'ECONNREFUSED',
      nextStep: 'Check the host and that its server runs.',
    })
    expect(failure).toHaveProperty('message', expect.stringContaining(`${host} cannot be reached`))
  })

  it('is over after the time limit, also when the answer began', async () => {
    const host = await listen((_request, response) => {
      response.writeHead(200)
      response.write('{')
    })
    const failure = await failureOf(host, { timeLimitMilliseconds: 50 })
    expect(failure).toMatchObject({ code: 'TIMEOUT', message: `${host} did not answer within 0.05 seconds.` })
  })

  it('is not repeated: nobody knows what the server did', async () => {
    let count = 0
    const host = await listen((request) => {
      count += 1
      request.socket.destroy()
    })
    expect(await failureOf(host)).toBeInstanceOf(LakegateConnectionError)
    expect(count).toBe(1)
  })
})
