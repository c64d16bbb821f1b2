/**
 * behaviour 24 and RFC 7628: the same tokens by OAUTHBEARER, for clients that ask for it, with the discovery that tells
 * them where tokens are to be had. Byte by byte, and through libpq 18 with its hook for the device flow.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  passwordMessage,
  saslInitialResponse,
  saslResponse,
  terminateMessage,
  typed,
} from '../stage/byte-builder.ts'
import { createPerson, formAction, Visitor, type Person } from '../stage/person.ts'
import { installPythonClient } from '../stage/python-client.ts'
import {
  asOwner,
  createRoleFor,
  createServicePrincipal,
  mintCredential,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { beginLogin, errorFields, type ServerMessage } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const OAUTH = '-c databricks_auth.login=oauth'
const DISCOVERY = {
  status: 'invalid_token',
  'openid-configuration': `${ready.http_url}/oidc/.well-known/openid-configuration`,
  scope: 'postgres',
}
const libpq = await installPythonClient('psycopg[binary]==3.3.9')
let principal: TestServicePrincipal
let token: string

beforeAll(async () => {
  principal = await createServicePrincipal(lakegate, 'bearer')
  await createRoleFor(lakegate, principal)
  token = await mintCredential(principal.http, ready.instance.name)
})
afterAll(() => libpq.remove())

const authentication = (message: ServerMessage | undefined) => {
  if (message?.type !== 'R')
    throw new Error(`expected an authentication message, got ${message?.type ?? 'the end'}`)
  return { code: message.body.readInt32BE(0), data: message.body.subarray(4).toString() }
}
const begin = async (user = principal.applicationId, options = OAUTH) =>
  beginLogin(lakegate, [
    ['user', user],
    ['database', ready.instance.database],
    ['options', options],
  ])
const bearer = (authorization: string) =>
  saslInitialResponse('OAUTHBEARER', Buffer.from(`n,,\x01auth=${authorization}\x01\x01`))
/** Offers one token; what comes back. */
async function present(authorization: string, user?: string) {
  const client = await begin(user)
  expect(authentication(await client.next())).toEqual({ code: 10, data: 'OAUTHBEARER\0\0' })
  client.send(bearer(authorization))
  return { client, answer: await client.next() }
}
/** The failure, its acknowledgement, the error. */
async function refusedWith(authorization: string, user?: string) {
  const { client, answer } = await present(authorization, user)
  const { code, data } = authentication(answer)
  expect(code).toBe(11)
  expect(JSON.parse(data)).toEqual(DISCOVERY)
  client.send(saslResponse(Buffer.of(1)))
  const fields = errorFields(await client.next())
  expect(await client.next()).toBeUndefined()
  return fields
}

describe('OAUTHBEARER', () => {
  it('opens the session with a credential, and with a workspace token', async () => {
    for (const good of [token, await principal.workspaceToken()]) {
      const { client, answer } = await present(`Bearer ${good}`)
      expect(authentication(answer)).toEqual({ code: 0, data: '' })
      client.close()
    }
  })

  it('tells a client without a token where to get one, at our own issuer (RFC 7628 §4.3)', async () => {
    expect(await refusedWith('')).toMatchObject({
      C: '28P01',
      M: `OAuth bearer authentication failed for user "${principal.applicationId}"`,
    })
  })

  it('says of a bad token what it says of it as a password', async () => {
    expect(await refusedWith('Bearer garbage')).toMatchObject({
      C: '28P01',
      M: expect.stringContaining('Failed to decode') as string,
    })
    expect(await refusedWith(`Bearer ${ready.admin_token}`)).toMatchObject({
      C: '28P01',
      D: expect.stringContaining('personal access token') as string,
    })
    const other = await createServicePrincipal(lakegate, 'other bearer')
    expect(await refusedWith(`Bearer ${await other.workspaceToken()}`)).toMatchObject({
      C: '28000',
      D: expect.stringContaining('another identity') as string,
    })
    expect(await refusedWith(`Bearer ${token}`, 'no_such_role')).toMatchObject({
      M: 'role "no_such_role" does not exist',
    })
  })

  it('says nothing of roles to whom shows no token: a known and an unknown one are refused alike (attack 34)', async () => {
    const [known, unknown] = [await refusedWith(''), await refusedWith('', 'no_such_role')]
    expect({ ...unknown, M: '' }).toEqual({ ...known, M: '' })
  })

  it('sends nobody for a new token when something else is wrong with the acknowledgement', async () => {
    const { client } = await present('Bearer garbage')
    client.send(saslResponse(Buffer.from('\x01\x01')))
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
  })

  it.each<[string, Buffer]>([
    ['a message that is not one', saslInitialResponse('OAUTHBEARER', Buffer.from('hello'))],
    [
      'an authorization identity',
      saslInitialResponse('OAUTHBEARER', Buffer.from('n,a=admin,\x01auth=\x01\x01')),
    ],
    ['channel binding', saslInitialResponse('OAUTHBEARER', Buffer.from('p=tls-unique,,\x01auth=\x01\x01'))],
    ['two tokens', bearer('Bearer a\x01auth=Bearer b')],
    ['another scheme', bearer('Basic YTpi')],
    ['another mechanism', saslInitialResponse('SCRAM-SHA-256', Buffer.from('n,,n=,r=x'))],
    ['a length beyond the message', saslInitialResponse('OAUTHBEARER', Buffer.from('n,,'), 1_000_000)],
    ['a token as a password', passwordMessage('x')],
    ['a message of a gigabyte', typed('p', Buffer.alloc(0), 0x3fffffff)],
  ])('refuses %s (attack 8)', async (_what, message) => {
    const client = await begin()
    await client.next()
    client.send(message)
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })

  it('ends without a word when the client goes away', async () => {
    const client = await begin()
    await client.next()
    client.send(terminateMessage())
    expect(await client.untilClosed()).toEqual([])
  })

  it('is offered to nobody who does not ask for it', async () => {
    for (const options of ['', '-c databricks_auth.login=password']) {
      const client = await begin(principal.applicationId, options)
      expect(authentication(await client.next()).code).toBe(3)
      client.close()
    }
    const client = await begin(principal.applicationId, '-c databricks_auth.login=kerberos')
    expect(errorFields(await client.next())).toMatchObject({
      C: '08P01',
      M: expect.stringContaining('oauth, password') as string,
    })
  })
})

interface Device {
  readonly discovery: string
  readonly scope: string
  readonly user_code: string
  readonly verification_uri: string
}

describe.skipIf(libpq.missing !== undefined)('libpq 18', () => {
  const SCRIPT = fileURLToPath(new URL('../clients/libpq-oauth.py', import.meta.url))
  const connect = (user: string, environment: Record<string, string> = {}, more = '') => {
    const { host, port, database } = ready.instance
    const issuer = `${ready.http_url}/oidc`
    const child = spawn(
      libpq.python,
      [
        SCRIPT,
        `host=${host} port=${String(port)} dbname=${database} user=${user} sslmode=require require_auth=oauth oauth_issuer=${issuer} oauth_client_id=psql options='${OAUTH} ${more}'`,
      ],
      // Tests have no TLS for HTTP; libpq takes that only when told so.
      {
        env: { ...process.env, PGOAUTHDEBUG: 'UNSAFE', ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    return createInterface(child.stdout)[Symbol.asyncIterator]()
  }
  const line = async <Shape>(lines: AsyncIterator<string>): Promise<Shape> => {
    const next = await lines.next()
    if (next.done === true) throw new Error('the program ended')
    return JSON.parse(next.value) as Shape
  }
  async function approve(device: Device, person: Person): Promise<void> {
    const visitor = new Visitor()
    const entry = await visitor.visit(device.verification_uri)
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(entry.text)?.[1] ?? ''
    let page = await visitor.submit(entry.url, { xsrf, user_code: device.user_code })
    expect(page.text).toContain('a PostgreSQL client')
    page = await visitor.submit(entry.url, { xsrf, user_code: device.user_code, confirm: 'yes' })
    page = await visitor.submit(formAction(page, 'sign-in'), {
      user_name: person.userName,
      password: person.password,
    })
    page = await visitor.submit(formAction(page, 'consent'), {})
    expect(page.text).toContain('Device connected')
  }

  it('signs a person in by the device grant, and nothing is pasted', async () => {
    const person = await createPerson(lakegate)
    await asOwner(lakegate, (owner) =>
      owner.query('SELECT databricks_create_role($1, $2)', [person.userName, 'USER']),
    )
    const lines = connect(person.userName)
    const device = await line<Device>(lines)
    expect(device).toMatchObject({ discovery: DISCOVERY['openid-configuration'], scope: 'postgres' })
    await approve(device, person)
    expect(await line(lines)).toEqual({ session_user: person.userName, setting: '' })
  })

  it('sends a token that it has, and shows the refusal of one that is not good here', async () => {
    const good = connect(principal.applicationId, { LAKEGATE_TEST_TOKEN: token })
    expect(await line(good)).toMatchObject({ session_user: principal.applicationId })
    const bad = connect(principal.applicationId, { LAKEGATE_TEST_TOKEN: 'garbage' })
    expect(await line(bad)).toEqual({
      error: expect.stringContaining('Failed to decode token for role') as string,
    })
  })
})
