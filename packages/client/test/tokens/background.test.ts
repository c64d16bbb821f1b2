/** A process ends when its work is done, whatever its token sources have under way. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterEach, expect, it } from 'vitest'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))

const server = createServer()
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** @returns what the program printed, when it ended by itself */
async function run(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: SOURCE },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  const child = spawn(process.execPath, ['--input-type=module'], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(outputFiles[0]?.text)
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  await once(child, 'close')
  return printed
}

it('a request that hangs in the background does not keep it alive, and one that is waited for does', async () => {
  let count = 0
  server.on('request', (_request, response) => {
    count += 1
    const body = JSON.stringify({ access_token: `token ${String(count)}`, expires_in: 1 })
    // The first answer takes a while, for which the process stays; the second one never comes.
    if (count === 1) setTimeout(() => response.end(body), 200)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/token`
  const printed = await run(`
    import { createTokenSource, requestToken } from './index.ts'
    const source = createTokenSource(
      ({ signal }) => requestToken(${JSON.stringify(address)}, {}, { network: { signal } }),
      { refresh: 'ahead' },
    )
    console.log((await source.token()).value)
    // Until the second request is under way.
    await new Promise((resolve) => setTimeout(resolve, 900))
    console.log('done')
  `)
  expect(printed).toBe('token 1\ndone\n')
  expect(count).toBe(2)
}, 20_000)
