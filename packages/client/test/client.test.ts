/** A workspace as one caller sees it: Lakegate's, and the real service's, which lacks what is Lakegate's own. */
import { describe, expect, it } from 'vitest'
import { lakegateOf } from '../src/client.ts'
import { resolveConfiguration } from '../src/authentication/configuration.ts'
import { json, playServer } from './stage/played-fetch.ts'
import { TurnedClock } from './stage/turned-clock.ts'

const HOST = 'https://workspace.example.com'
const INSTANCE = '/api/2.0/database/instances/dev'
const AUTHORITY = '/api/2.0/lakegate/certificate-authority'

/** What both services answer. */
const common = {
  '/api/2.0/preview/scim/v2/Me': () => json(200, { id: '7', userName: 'ada@example.com' }),
}
const realService = {
  ...common,
  [INSTANCE]: () =>
    json(200, { name: 'dev', state: 'AVAILABLE', read_write_dns: 'instance-1.database.example.com' }),
}
const lakegate = {
  ...common,
  [INSTANCE]: () =>
    json(200, {
      name: 'dev',
      state: 'AVAILABLE',
      read_write_dns: '127.9.9.9',
      read_write_port: 5433,
      pooled_dns: '127.9.9.10',
      pooled_port: 6432,
      effective_session_policy: {},
    }),
  [AUTHORITY]: () => json(200, { certificate_pem: 'PEM', signs_gateway_certificates: true }),
}

async function open(routes: Parameters<typeof playServer>[0], clock = new TurnedClock()) {
  const network = playServer(routes)
  const configuration = await resolveConfiguration(
    { host: HOST, token: 't' },
    { environment: {}, homeDirectory: '/nowhere' },
  )
  const workspace = lakegateOf(configuration, { fetch: network.fetch, attempts: 1, clock })
  const paths = () => network.asked.map(({ url }) => new URL(url).pathname)
  return { ...workspace, paths, asked: network.asked }
}

describe('a connection', () => {
  it('to the real service uses its port and public authorities, and asks for nothing that it lacks', async () => {
    const { connection, paths } = await open(realService)
    expect(await connection('dev')).toMatchObject({
      host: 'instance-1.database.example.com',
      port: 5432,
      database: 'databricks_postgres',
      user: 'ada@example.com',
      ca: undefined,
    })
    expect(paths()).not.toContain(AUTHORITY)
  })

  it('to Lakegate uses its port and its authority', async () => {
    expect(await (await open(lakegate)).connection('dev')).toMatchObject({
      host: '127.9.9.9',
      port: 5433,
      ca: 'PEM',
    })
  })

  it('to a Lakegate with certificates of its operator trusts the authorities of the machine', async () => {
    const { connection } = await open({
      ...lakegate,
      [AUTHORITY]: () => json(200, { certificate_pem: 'PEM', signs_gateway_certificates: false }),
    })
    expect((await connection('dev')).ca).toBeUndefined()
  })

  it('leads to the pooled endpoint where there is one', async () => {
    expect(await (await open(lakegate)).connection('dev', { pooled: true })).toMatchObject({
      host: '127.9.9.10',
      port: 6432,
    })
    await expect((await open(realService)).connection('dev', { pooled: true })).rejects.toThrow(
      'has no pooled endpoint',
    )
  })

  it('as another role does not ask who the caller is', async () => {
    const { connection, paths } = await open(realService)
    expect(await connection('dev', { role: 'analysts' })).toMatchObject({ user: 'analysts' })
    expect(paths()).toEqual([INSTANCE])
  })

  it.each([
    ['STOPPED', 'Start it: '],
    ['STARTING', 'Wait until it is AVAILABLE.'],
    ['DELETING', 'It is being deleted'],
  ])('to an instance that is %s says what to do', async (state, nextStep) => {
    const { connection } = await open({
      ...common,
      [INSTANCE]: () => json(200, { name: 'dev', state, read_write_dns: 'h' }),
    })
    await expect(connection('dev')).rejects.toMatchObject({
      message: `The instance dev is ${state}.`,
      nextStep: expect.stringContaining(nextStep) as string,
    })
  })
})

describe('a database credential', () => {
  const CREDENTIALS = '/api/2.0/database/credentials'

  it('is asked for with an id of its own, so that a repetition is the same request', async () => {
    const { credentials, asked } = await open({
      [CREDENTIALS]: () => json(200, { token: 'password', expiration_time: '2030-01-01T00:00:00Z' }),
    })
    expect(await credentials(['dev', 'other']).token()).toMatchObject({ value: 'password' })
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      request_id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      instance_names: ['dev', 'other'],
    })
  })

  it.each([
    ['is ahead', '2001-01-01T01:00:00Z', 'Mon, 01 Jan 2001 00:00:00 GMT'],
    ['is behind', '2099-01-01T01:00:00Z', 'Thu, 01 Jan 2099 00:00:00 GMT'],
  ])('lives an hour also when the clock of this machine %s', async (_how, expiration_time, date) => {
    let count = 0
    const clock = new TurnedClock()
    const { credentials } = await open(
      {
        [CREDENTIALS]: () => {
          count += 1
          return json(200, { token: `password ${String(count)}`, expiration_time }, { date })
        },
      },
      clock,
    )
    const source = credentials(['dev'])
    await source.token()
    await clock.pass(50 * 60_000)
    expect(await source.token()).toMatchObject({ value: 'password 1' })
    await clock.pass(11 * 60_000)
    expect(await source.token()).toMatchObject({ value: 'password 2' })
  })

  it('is asked for again after 503, which the REST API does not do with other requests', async () => {
    let count = 0
    const clock = new TurnedClock()
    const { credentials } = await open(
      {
        [CREDENTIALS]: () => {
          count += 1
          return count === 1
            ? json(503, { error_code: 'TEMPORARILY_UNAVAILABLE', message: 'later' })
            : json(200, { token: 'password', expiration_time: '2030-01-01T00:00:00Z' })
        },
      },
      clock,
    )
    const one = credentials(['dev']).token()
    await clock.pass(10_000)
    expect(await one).toMatchObject({ value: 'password' })
    expect(count).toBe(2)
  })
})

it('a server that is down is asked five times, not five times by each source', async () => {
  let count = 0
  const clock = new TurnedClock()
  const network = playServer({
    '/oidc/.well-known/oauth-authorization-server': () =>
      json(200, { token_endpoint: `${HOST}/token`, authorization_endpoint: `${HOST}/authorize` }),
    '/token': () => {
      count += 1
      return json(503, { error: 'temporarily_unavailable' })
    },
  })
  const configuration = await resolveConfiguration(
    { host: HOST, clientId: 'id', clientSecret: 'secret' },
    { environment: {}, homeDirectory: '/nowhere' },
  )
  const { credentials } = lakegateOf(configuration, { fetch: network.fetch, clock })
  const one = credentials(['dev'])
    .token()
    .catch((error: unknown) => error)
  await clock.pass(300_000)
  expect(await one).toMatchObject({ status: 503 })
  expect(count).toBe(5)
})

it('the REST API is there as functions', async () => {
  const { rest, paths } = await open(realService)
  expect(await rest.database.getDatabaseInstance({ name: 'dev' })).toMatchObject({ name: 'dev' })
  expect(paths()).toEqual([INSTANCE])
})

describe('without', () => {
  it('a host, it says how to name one', async () => {
    const nothing = await resolveConfiguration({}, { environment: {}, homeDirectory: '/nowhere' })
    expect(() => lakegateOf(nothing)).toThrow('No workspace is named.')
  })

  it('a credential, it says how to sign in', async () => {
    const host = await resolveConfiguration({ host: HOST }, { environment: {}, homeDirectory: '/nowhere' })
    expect(() => lakegateOf(host)).toThrow(`Nothing says who you are at ${HOST}.`)
  })
})
