/** What is served below /console: the app, its files in the encoding that the browser takes, and the policy around them. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBuildLoader } from '../../../src/http/console/build.ts'
import { createConsoleHandler } from '../../../src/http/console/handler.ts'
import { CONSOLE_PAGES } from '../../../src/oauth/pages/console.ts'

const APP =
  '<!doctype html><title>Lakegate</title><script type="module" src="/console/assets/app-4f2a.js"></script>'
const SCRIPT = 'console.log("a script of the test")\n'.repeat(50)

let directory: string
let server: Server
let port: number
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-console-'))
  const neverAsked = () => Promise.reject(new Error('not asked for a file'))
  server = createServer(
    createConsoleHandler({
      workspaceAt: neverAsked,
      publicUrlOf: () => '',
      loadBuild: createBuildLoader(path.join(directory, 'console')),
      signIn: {
        client: { begin: neverAsked, finish: neverAsked },
        openSession: neverAsked,
        forgetSession: neverAsked,
      },
      pages: CONSOLE_PAGES,
      log: { error: () => undefined },
      abandonAnswer: (response) => response.destroy(),
    }),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.close()
  await rm(directory, { recursive: true })
})

async function build(): Promise<void> {
  const at = path.join(directory, 'console')
  await mkdir(path.join(at, 'assets'), { recursive: true })
  await writeFile(path.join(directory, 'secret.txt'), 'beside the console')
  const files: Readonly<Record<string, string>> = {
    'index.html': APP,
    'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'assets/app-4f2a.js': SCRIPT,
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(at, name), text)
    await writeFile(path.join(at, `${name}.br`), brotliCompressSync(text))
    await writeFile(path.join(at, `${name}.gz`), gzipSync(text))
  }
  await writeFile(path.join(at, 'assets', 'plain-1.css'), 'a{}')
  await writeFile(path.join(at, 'build.json'), JSON.stringify({ build: '4f2a' }))
}

/** Paths are sent as they stand; fetch would tidy them up. */
async function ask(
  requestPath: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: string; readonly headers?: Record<string, string> } = {},
) {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path: requestPath,
    method,
    headers,
    agent: false,
  }).end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: incoming.statusCode, headers: incoming.headers, body: await buffer(incoming) }
}

describe('a console that was not built', () => {
  it('says how it is built, and is there without a restart once it is', async () => {
    const missing = await ask('/console/compute')
    expect(missing.status).toBe(503)
    expect(missing.body.toString()).toContain('npm run build')
    await build()
    expect((await ask('/console/compute')).status).toBe(200)
  })
})

describe('files of the console', () => {
  it.each(['/console', '/console/', '/console?x=1', '/console/compute/instances/dev', '/console/index.html'])(
    'answers %s with the app, asked for before each use',
    async (asked) => {
      const { status, headers, body } = await ask(asked)
      expect(status).toBe(200)
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(headers['cache-control']).toBe('no-cache')
      expect(body.toString()).toBe(APP)
    },
  )

  it('has exactly the headers of the design', async () => {
    for (const asked of [
      '/console',
      '/console/assets/app-4f2a.js',
      '/console/assets/none.js',
      '/console/signed-out',
    ]) {
      const { headers } = await ask(asked)
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'none'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      )
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': 'clipboard-write=(self)',
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      })
    }
  })

  it('keeps assets for ever, each in the smallest encoding that the browser takes', async () => {
    const asset = '/console/assets/app-4f2a.js'
    const inEncoding = (encoding: string) => ask(asset, { headers: { 'accept-encoding': encoding } })
    const brotli = await inEncoding('gzip, deflate, br, zstd')
    expect(brotli.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(brotli.headers['content-type']).toBe('text/javascript; charset=utf-8')
    expect(brotli.headers['content-encoding']).toBe('br')
    expect(brotli.headers.vary).toBe('accept-encoding')
    expect(brotliDecompressSync(brotli.body).toString()).toBe(SCRIPT)
    const gzip = await inEncoding('gzip;q=0.5, br;q=0')
    expect(gzip.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT)
    for (const encoding of ['identity', '', 'zstd']) {
      const plain = await inEncoding(encoding)
      expect(plain.headers['content-encoding']).toBeUndefined()
      expect(plain.body.toString()).toBe(SCRIPT)
    }
    expect(
      (await ask('/console/assets/plain-1.css', { headers: { 'accept-encoding': 'br' } })).headers,
    ).not.toHaveProperty('content-encoding')
  })

  it('does not send again what the browser has', async () => {
    const first = await ask('/console')
    const tag = first.headers.etag ?? ''
    const again = await ask('/console', { headers: { 'if-none-match': `"other", W/${tag}` } })
    expect(again.status).toBe(304)
    expect(again.body).toHaveLength(0)
    expect(again.headers.etag).toBe(tag)
    const compressed = await ask('/console', { headers: { 'if-none-match': tag, 'accept-encoding': 'br' } })
    expect(compressed.status).toBe(200)
  })

  it('tells of a file without sending it', async () => {
    const { status, headers, body } = await ask('/console/assets/app-4f2a.js', { method: 'HEAD' })
    expect(status).toBe(200)
    expect(headers['content-length']).toBe(String(SCRIPT.length))
    expect(body).toHaveLength(0)
  })

  it('does not take the app for an asset that is not there', async () => {
    expect((await ask('/console/assets/app-0000.js')).status).toBe(404)
    expect((await ask('/console/assets/')).status).toBe(404)
  })

  it.each([
    '/console/../secret.txt',
    '/console/assets/../../secret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/..%2fsecret.txt',
    String.raw`/console/..\secret.txt`,
    '/console//secret.txt',
    '/console/assets/app-4f2a.js/../../../secret.txt',
    '/console/assets/app-4f2a.js%00',
    '/console/assets/app-4f2a.js.br',
    '/console/build.json/..',
  ])('leads out of its directory by no path: %s', async (asked) => {
    const { status, body } = await ask(asked)
    expect([200, 404]).toContain(status)
    expect(body.toString()).not.toContain('beside the console')
    expect(body.toString()).toContain('Lakegate')
  })
})
