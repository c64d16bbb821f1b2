// Credentials per second against client-credentials grants per second of the bare OAuth library, side by side: rounds
// alternate in one run, both over HTTP on loopback with the same client (http-load.mjs). Prints ratios and p99; exits
// with 1 below the floor. Usage: npm run bench:minting [seconds of a round]
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const AIM = 3
/** What holds on a busy machine as well: no slower than a library that asks nobody anything. */
const FLOOR = 0.75
const ROUNDS = 5
const ROUND_MS = Number(process.argv[2] ?? 3) * 1000
const CONNECTIONS = 64
const CLIENTS = 16
const file = (name) => fileURLToPath(new URL(name, import.meta.url))

const dataDirectory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-'))
await chmod(dataDirectory, 0o711)
const readyFile = path.join(dataDirectory, 'ready.json')
const logFile = openSync(path.join(dataDirectory, 'log'), 'a')
const lakegate = spawn(process.execPath, [file('../packages/server/dist/main.js'), 'up'], {
  env: {
    ...process.env,
    LAKEGATE_DATA_DIR: dataDirectory,
    LAKEGATE_HTTP_PORT: '0',
    LAKEGATE_GATEWAY_PORT: '0',
    LAKEGATE_READY_FILE: readyFile,
  },
  // Log and audit go into a file: they are part of what a minting costs.
  stdio: ['ignore', 'ignore', logFile],
})
const bare = fork(file('bare-oauth-library.mjs'))
const client = fork(file('http-load.mjs'))
// It has said on standard error what was answered instead of 200.
client.on('exit', (code) => code === 0 || client.emit('error', new Error('the client of the bench failed')))
try {
  const [bareUrl] = await once(bare, 'message')
  const ready = await waitForReady()
  const contenders = [
    { name: 'client-credentials grants of the bare library', order: grantOrder(bareUrl) },
    { name: 'credentials, by workspace tokens (M2M)', order: await workspaceTokenOrder(ready) },
    { name: 'credentials, by a personal access token', order: mintOrder(ready, [ready.admin_token]) },
  ].map((contender) => ({ ...contender, rounds: [] }))
  for (const { order } of contenders) await load(order)
  for (let count = 0; count < ROUNDS; count += 1)
    for (const { order, rounds } of contenders) rounds.push(await load(order))
  process.exitCode = report(contenders)
} finally {
  client.disconnect()
  bare.kill()
  lakegate.kill('SIGINT')
  await once(lakegate, 'exit')
  await rm(dataDirectory, { recursive: true, force: true })
}

function report([grants, ...mints]) {
  const columns = (name, ...numbers) =>
    console.log(name.padEnd(46) + numbers.map((text) => text.padStart(12)).join(''))
  columns('what', 'per second', 'median ms', 'p99 ms', 'ratio', 'from', 'to')
  const ratios = mints.map(({ rounds }) =>
    rounds.map(({ perSecond }, index) => perSecond / grants.rounds[index].perSecond),
  )
  for (const [index, { name, rounds }] of [grants, ...mints].entries()) {
    const times = rounds.flatMap((one) => one.times).sort((a, b) => a - b)
    const own = index === 0 ? [1] : ratios[index - 1]
    columns(
      name,
      middle(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
      middle(times).toFixed(1),
      times[Math.floor(times.length * 0.99)].toFixed(1),
      ...[middle(own), Math.min(...own), Math.max(...own)].map((ratio) => ratio.toFixed(2)),
    )
  }
  const ratio = middle(ratios[0])
  console.log(`\nby workspace tokens ${ratio.toFixed(2)}; promised ${FLOOR}, aimed at ${AIM}`)
  return ratio >= FLOOR ? 0 : 1
}

function grantOrder(url) {
  const headers = {
    authorization: `Basic ${Buffer.from('c:s').toString('base64')}`,
    'content-type': 'application/x-www-form-urlencoded',
  }
  return {
    url: `${url}/token`,
    requests: [{ headers, body: 'grant_type=client_credentials&scope=all-apis' }],
  }
}

function mintOrder(ready, tokens) {
  const body = JSON.stringify({ request_id: 'bench', instance_names: [ready.instance.name] })
  return {
    url: `${ready.http_url}/api/2.0/database/credentials`,
    requests: tokens.map((token) => ({
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    })),
  }
}

/** Service principals as real clients are: each with a role in the instance, none of them administers anything. */
async function workspaceTokenOrder(ready) {
  const tokens = []
  for (let count = 0; count < CLIENTS; count += 1) {
    const principal = await ask(ready, '/api/2.0/preview/scim/v2/ServicePrincipals', {
      displayName: `bench ${count}`,
    })
    const { secret } = await ask(
      ready,
      `/api/2.0/accounts/servicePrincipals/${principal.id}/credentials/secrets`,
      {},
    )
    await createRole(ready, principal.applicationId)
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' })
    const basic = Buffer.from(`${principal.applicationId}:${secret}`).toString('base64')
    tokens.push((await ask(ready, '/oidc/v1/token', form, `Basic ${basic}`)).access_token)
  }
  return mintOrder(ready, tokens)
}

async function createRole(ready, applicationId) {
  const { host, port, database, name } = ready.instance
  const { token } = await ask(ready, '/api/2.0/database/credentials', { instance_names: [name] })
  const ca = await readFile(ready.ca_file, 'utf8')
  const owner = new pg.Client({ host, port, database, user: ready.admin_user, password: token, ssl: { ca } })
  await owner.connect()
  await owner.query('SELECT databricks_create_role($1, $2)', [applicationId, 'SERVICE_PRINCIPAL'])
  await owner.end()
}

async function ask(ready, url, body, authorization = `Bearer ${ready.admin_token}`) {
  const isForm = body instanceof URLSearchParams
  const response = await fetch(new URL(url, ready.http_url), {
    method: 'POST',
    headers: { authorization, ...(isForm ? {} : { 'content-type': 'application/json' }) },
    body: isForm ? body : JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response.json()
}

async function load({ url, requests }) {
  client.send({ url, requests, connections: CONNECTIONS, milliseconds: ROUND_MS })
  const [result] = await once(client, 'message')
  return result
}

async function waitForReady() {
  for (;;) {
    try {
      return JSON.parse(await readFile(readyFile, 'utf8'))
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
      await pause(50)
    }
  }
}

function middle(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
