// Credentials per second against client-credentials grants per second of the bare OAuth library, side by side: rounds
// alternate in one run, both over HTTP on loopback with the same number of keep-alive connections. Prints ratios and
// p99; exits with 1 below the promise. Usage: npm run bench:minting
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PROMISE = 5
const ROUNDS = 5
const ROUND_MS = 3_000
const CONNECTIONS = 16

await main()

/** oidc-provider with its in-memory storage and a resource server that wants ES256 JSON Web Tokens: nothing of ours. */
async function serveBareLibrary() {
  const { Provider } = await import('oidc-provider')
  const { exportJWK, generateKeyPair } = await import('jose')
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  const api = {
    scope: 'all-apis',
    audience: 'urn:x',
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }
  const provider = new Provider(url, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'k' }] },
    clients: [
      {
        client_id: 'c',
        client_secret: 's',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ['all-apis'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, defaultResource: () => 'urn:x', getResourceServerInfo: () => api },
    },
  })
  server.on('request', provider.callback())
  console.log(url)
}

async function main() {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-'))
  await chmod(dataDirectory, 0o711)
  const readyFile = path.join(dataDirectory, 'ready.json')
  const program = fileURLToPath(new URL('../packages/server/dist/main.js', import.meta.url))
  const lakegate = spawn(process.execPath, [program, 'up'], {
    env: {
      ...process.env,
      LAKEGATE_DATA_DIR: dataDirectory,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
      LAKEGATE_READY_FILE: readyFile,
      LAKEGATE_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const bare = spawn(process.execPath, ['--input-type=module', '--eval', bareProgram()], {
    cwd: path.dirname(fileURLToPath(import.meta.url)),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const bareUrl = (await once(bare.stdout, 'data'))[0].toString().trim()
    const ready = await waitForReady(readyFile)
    const mint = {
      name: 'database credentials of Lakegate',
      url: new URL('/api/2.0/database/credentials', ready.http_url),
      headers: { authorization: `Bearer ${ready.admin_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ request_id: 'bench', instance_names: [ready.instance.name] }),
    }
    const grant = {
      name: 'client-credentials grants of the bare library',
      url: new URL('/token', bareUrl),
      headers: {
        authorization: `Basic ${Buffer.from('c:s').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=all-apis',
    }
    await round(grant)
    await round(mint)
    const results = new Map([
      [grant, []],
      [mint, []],
    ])
    for (let count = 0; count < ROUNDS; count += 1)
      for (const [contender, rounds] of results) rounds.push(await round(contender))
    const [grants, mints] = [summary(results.get(grant)), summary(results.get(mint))]
    const ratios = results.get(mint).map((one, index) => one.perSecond / results.get(grant)[index].perSecond)
    console.log(
      `${'what'.padEnd(46)}${'per second'.padStart(12)}${'median ms'.padStart(12)}${'p99 ms'.padStart(10)}`,
    )
    for (const [contender, { perSecond, median, p99 }] of [
      [grant, grants],
      [mint, mints],
    ])
      console.log(
        `${contender.name.padEnd(46)}${perSecond.toFixed(0).padStart(12)}${median.toFixed(1).padStart(12)}${p99.toFixed(1).padStart(10)}`,
      )
    const ratio = middle(ratios)
    console.log(
      `\nratio ${ratio.toFixed(2)} (rounds from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}); aimed at ${PROMISE}`,
    )
    process.exitCode = ratio >= PROMISE ? 0 : 1
  } finally {
    bare.kill()
    lakegate.kill('SIGINT')
    await once(lakegate, 'exit')
    await rm(dataDirectory, { recursive: true, force: true })
  }
}

/** A process of its own, as Lakegate is one. */
function bareProgram() {
  return `${serveBareLibrary.toString()}
    import { once } from 'node:events'
    import { createServer } from 'node:http'
    await serveBareLibrary()`
}

async function waitForReady(file) {
  for (;;) {
    try {
      return JSON.parse(await readFile(file, 'utf8'))
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
      await pause(50)
    }
  }
}

async function round({ url, headers, body }) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const times = []
  const end = performance.now() + ROUND_MS
  const one = () =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': body.length },
      })
      outgoing.on('response', (response) => {
        response.resume()
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  const client = async () => {
    while (performance.now() < end) {
      const begin = performance.now()
      await one()
      times.push(performance.now() - begin)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  agent.destroy()
  return { perSecond: times.length / (ROUND_MS / 1000), times }
}

function middle(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function summary(rounds) {
  const times = rounds.flatMap((one) => one.times).sort((a, b) => a - b)
  return {
    perSecond: middle(rounds.map((one) => one.perSecond)),
    median: times[Math.floor(times.length / 2)],
    p99: times[Math.floor(times.length * 0.99)],
  }
}
