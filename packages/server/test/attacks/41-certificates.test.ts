/** Attack 41: a certificate is replaced while sessions are open, and a broken one replaces nothing. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { mintCredential } from '../stage/service-principal.ts'
import { createTestAuthority, type TestAuthority } from '../stage/test-authority.ts'
import { fetchTrusting } from '../stage/trusting-fetch.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWire, errorFields } from '../stage/wire-client.ts'

const HOST = '127.0.0.1'
let lakegate: RunningLakegate
let dataDirectory: string
let files: { certificate: string; key: string; config: string }
let first: TestAuthority
let second: TestAuthority

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  files = {
    certificate: path.join(dataDirectory, 'gateway.pem'),
    key: path.join(dataDirectory, 'gateway.key'),
    config: path.join(dataDirectory, 'lakegate.json'),
  }
  first = await createTestAuthority()
  second = await createTestAuthority()
  await first.issue(HOST, files)
  await writeFile(files.config, '{}')
  lakegate = await startLakegate({
    dataDirectory,
    environment: {
      LAKEGATE_GATEWAY_HOST: HOST,
      // Connections and sessions that are open together are spread over both.
      LAKEGATE_GATEWAY_WORKERS: '2',
      LAKEGATE_CONFIG: files.config,
      LAKEGATE_TLS_CERTIFICATE_FILE: files.certificate,
      LAKEGATE_TLS_KEY_FILE: files.key,
    },
  })
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(dataDirectory)
})

async function clientTrusting({ caPem }: TestAuthority): Promise<pg.Client> {
  const { port, database } = lakegate.ready.instance
  const password = await mintCredential(lakegate.admin, 'dev')
  const client = new pg.Client({
    host: HOST,
    port,
    database,
    user: lakegate.ready.admin_user,
    password,
    ssl: { ca: caPem },
  })
  client.on('error', () => undefined)
  return client
}

/** Logs in and out, with full verification. */
async function logsInTrusting(authority: TestAuthority): Promise<boolean> {
  const client = await clientTrusting(authority)
  try {
    await client.connect()
  } catch {
    return false
  }
  await client.end()
  return true
}

describe('the certificate files of the operator', () => {
  it('are named to clients, so that none verifies by the authority of Lakegate alone', async () => {
    expect(await lakegate.admin.request('GET', '/api/2.0/lakegate/certificate-authority')).toMatchObject({
      signs_gateway_certificates: false,
    })
  })

  it('are read again when they change, for the next login, and open sessions stay', async () => {
    const session = await clientTrusting(first)
    await session.connect()
    await second.issue(HOST, files)
    await waitFor('the new certificate', () => logsInTrusting(second))
    expect(await logsInTrusting(first)).toBe(false)
    await waitFor('the new certificate of HTTP', () => isAskedTrusting(second))
    expect(await isAskedTrusting(first)).toBe(false)
    expect((await session.query('SELECT 1')).rowCount).toBe(1)
    await session.end()
  })

  it('that are broken change nothing, and the log says so', async () => {
    await writeFile(files.certificate, 'no certificate')
    lakegate.process.kill('SIGHUP')
    await waitFor('the error in the log', () =>
      lakegate.output().includes('the new settings or certificates cannot be used; the old ones stay'),
    )
    expect(lakegate.output()).toContain(`The TLS files ${files.certificate} and ${files.key} cannot be used`)
    expect(await logsInTrusting(second)).toBe(true)
    expect(await isAskedTrusting(second)).toBe(true)
    await first.issue(HOST, files)
    lakegate.process.kill('SIGHUP')
    await waitFor('the good certificate', () => logsInTrusting(first))
    expect(await isAskedTrusting(first)).toBe(true)
  })

  it('may be others for HTTP alone, and the broken ones of one keep both as they are', async () => {
    const own = { certificate: `${files.certificate}.http`, key: `${files.key}.http` }
    const named = { 'http-certificate-file': own.certificate, 'http-key-file': own.key }
    await second.issue(HOST, own)
    await reload(named)
    expect(await isAskedTrusting(second)).toBe(true)
    expect(await logsInTrusting(first)).toBe(true)
    await writeFile(own.key, 'no key')
    await writeFile(files.config, JSON.stringify(named))
    lakegate.process.kill('SIGHUP')
    await waitFor('the error in the log', () => lakegate.output().includes(`${own.key} cannot be used`))
    expect(await isAskedTrusting(second)).toBe(true)
    await reload({})
    expect(await isAskedTrusting(first)).toBe(true)
  })
})

/** The same, of REST and OAuth. */
const isAskedTrusting = ({ caPem }: TestAuthority): Promise<boolean> =>
  fetchTrusting(caPem)(new URL('/healthz', lakegate.ready.http_url.replace('http:', 'https:'))).then(
    ({ ok }) => ok,
    () => false,
  )

const READ_AGAIN = 'settings and certificates were read again'

async function reload(settings: object): Promise<void> {
  const before = lakegate.output().split(READ_AGAIN).length
  await writeFile(files.config, JSON.stringify(settings))
  lakegate.process.kill('SIGHUP')
  await waitFor('the new settings', () => lakegate.output().split(READ_AGAIN).length > before)
}

describe('a SIGHUP', () => {
  it('takes settings that can change, names those that need a restart, and takes none that are wrong', async () => {
    await writeFile(files.config, '{"login-deadline-seconds": 1, "http-host": "127.0.0.9"}')
    lakegate.process.kill('SIGHUP')
    await waitFor('the new settings', () =>
      lakegate.output().includes('these settings have changed and need a restart'),
    )
    expect(lakegate.output()).toContain('"settings":["http-host"]')
    const [refusal] = await (await connectWire(lakegate)).untilClosed()
    expect(errorFields(refusal)).toMatchObject({ C: '08006', M: 'Client handshake timeout.' })

    await writeFile(files.config, '{"login-deadline-seconds": 0}')
    lakegate.process.kill('SIGHUP')
    await waitFor('the complaint', () =>
      lakegate.output().includes('The setting login-deadline-seconds from the config file'),
    )
    expect(await logsInTrusting(first)).toBe(true)
  })

  it('changes how many connections there may be, and what is logged', async () => {
    const session = await clientTrusting(first)
    await session.connect()
    const refusal = async (): Promise<unknown> => {
      const client = await clientTrusting(first)
      return client.connect().then(
        () => client.end(),
        (error: unknown) => error,
      )
    }
    await reload({ 'connections-per-role': 1 })
    await waitFor('the limit of the role', async () => (await refusal()) !== undefined)
    expect(await refusal()).toMatchObject({
      code: '53300',
      message: expect.stringContaining('for role') as string,
    })
    await reload({ 'connections-per-instance': 1 })
    await waitFor('the limit of the role to be gone', async () => {
      const error = await refusal()
      return error instanceof Error && !error.message.includes('for role')
    })
    expect(await refusal()).toMatchObject({ code: '53300', message: 'sorry, too many clients already' })
    await reload({ 'connections-per-instance': 2000 })
    expect(lakegate.output()).toContain('local instances themselves only after a restart')
    await waitFor('a login', async () => (await refusal()) === undefined)

    const told = () => lakegate.output().split(READ_AGAIN).length
    const before = told()
    await writeFile(files.config, '{"log-level": "error", "connections-per-role": 1}')
    lakegate.process.kill('SIGHUP')
    await waitFor('the limit of the role again', async () => (await refusal()) !== undefined)
    expect(told()).toBe(before)
    await reload({ 'log-level': 'info' })
    expect((await session.query('SELECT 1')).rowCount).toBe(1)
    await session.end()
  })

  it('changes how many logins may be under way from one address, over all workers', async () => {
    /** What four that begin at once and say nothing are told. */
    const answers = async () => {
      const clients = [
        await connectWire(lakegate),
        await connectWire(lakegate),
        await connectWire(lakegate),
        await connectWire(lakegate),
      ]
      return Promise.all(clients.map(async (client) => errorFields(await client.next())))
    }
    const codesOf = (fields: Awaited<ReturnType<typeof answers>>) => fields.map(({ C: code }) => code).sort()
    await reload({ 'login-deadline-seconds': 1, 'logins-per-address': 2 })
    const told = await waitFor('two refusals', async () => {
      const fields = await answers()
      return codesOf(fields).join() === '08006,08006,53300,53300' && fields
    })
    expect(told.find(({ C: code }) => code === '53300')).toMatchObject({
      S: 'FATAL',
      M: 'sorry, too many clients already',
      D: 'The limit of 2 connections is reached.',
    })
    await reload({ 'login-deadline-seconds': 1 })
    await waitFor('no refusals', async () => !codesOf(await answers()).includes('53300'))
    await reload({})
  })

  it('changes how long sessions may be open, those that are as well, in every worker', async () => {
    const sessions = [await clientTrusting(first), await clientTrusting(first)]
    const farewells = sessions.map((session) => new Promise((resolve) => session.once('error', resolve)))
    for (const session of sessions) await session.connect()
    await reload({ 'session-lifetime-seconds': 1 })
    for (const farewell of farewells) expect(await farewell).toMatchObject({ code: '57P01' })
    await waitFor(
      'both audit records',
      () =>
        lakegate.output().split('"event":"end_session","outcome":"admitted","reason":"session_too_old"')
          .length === 3,
    )
    await reload({})
    const session = await clientTrusting(first)
    await session.connect()
    expect((await session.query('SELECT 1')).rowCount).toBe(1)
    await session.end()
  })
})
