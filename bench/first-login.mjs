// How long it takes from an empty data directory to the first session of a service principal, phase by phase.
// Exits with 1 when it is more than ten seconds.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const LIMIT_MS = 10_000
const program = fileURLToPath(new URL('../packages/server/dist/main.js', import.meta.url))
const dataDirectory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-'))
await chmod(dataDirectory, 0o711)
const readyFile = path.join(dataDirectory, 'ready.json')

const begin = performance.now()
let last = begin
const phase = (name) => {
  const now = performance.now()
  console.log(`${name.padEnd(48)} ${(now - last).toFixed(0).padStart(6)} ms`)
  last = now
}

const lakegate = spawn(process.execPath, [program, 'up'], {
  env: {
    ...process.env,
    LAKEGATE_DATA_DIR: dataDirectory,
    LAKEGATE_HTTP_PORT: '0',
    LAKEGATE_GATEWAY_PORT: '0',
    LAKEGATE_READY_FILE: readyFile,
  },
  stdio: ['ignore', 'ignore', 'inherit'],
})
try {
  const ready = await readWhenThere()
  phase('start: databases, control plane, gateway, instance')

  const call = async (method, url, body, authorization = `Bearer ${ready.admin_token}`) => {
    const isForm = body instanceof URLSearchParams
    const response = await fetch(new URL(url, ready.http_url), {
      method,
      headers: { authorization, ...(isForm ? {} : { 'content-type': 'application/json' }) },
      body: isForm ? body : JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  const principal = await call('POST', '/api/2.0/preview/scim/v2/ServicePrincipals', { displayName: 'bench' })
  const { secret } = await call(
    'POST',
    `/api/2.0/accounts/servicePrincipals/${principal.id}/credentials/secrets`,
    {},
  )
  phase('service principal and OAuth secret')

  const basic = Buffer.from(`${principal.applicationId}:${secret}`).toString('base64')
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' })
  const token = (await call('POST', '/oidc/v1/token', form, `Basic ${basic}`)).access_token
  phase('workspace token')

  const mint = async (bearer) =>
    (
      await call(
        'POST',
        '/api/2.0/database/credentials',
        { instance_names: [ready.instance.name] },
        `Bearer ${bearer}`,
      )
    ).token
  await session(ready, ready.admin_user, await mint(ready.admin_token), (client) =>
    client.query('SELECT databricks_create_role($1, $2)', [principal.applicationId, 'SERVICE_PRINCIPAL']),
  )
  phase('role, by the owner in SQL')

  const credential = await mint(token)
  phase('database credential')

  await session(ready, principal.applicationId, credential, (client) => client.query('SELECT session_user'))
  phase('first session')
} finally {
  lakegate.kill('SIGINT')
  await once(lakegate, 'exit')
  await rm(dataDirectory, { recursive: true, force: true })
}
const total = last - begin
console.log(
  `${'first start to first login'.padEnd(48)} ${total.toFixed(0).padStart(6)} ms  (limit ${LIMIT_MS} ms)`,
)
process.exitCode = total > LIMIT_MS ? 1 : 0

async function readWhenThere() {
  for (;;) {
    if (lakegate.exitCode !== null) throw new Error(`lakegate ended with ${lakegate.exitCode}`)
    const text = await readFile(readyFile, 'utf8').catch(() => undefined)
    if (text !== undefined) return JSON.parse(text)
    await pause(20)
  }
}

async function session(ready, user, password, work) {
  const { host, port, database } = ready.instance
  const ca = await readFile(ready.ca_file, 'utf8')
  const client = new pg.Client({ host, port, database, user, password, ssl: { ca } })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
