/**
 * Attacks 8, 14, 27 and 34 on the login by a password, byte by byte: what is offered, what is refused, what an unknown
 * role looks like, and where guessing ends.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  passwordMessage,
  queryMessage,
  saslInitialResponse,
  saslResponse,
  terminateMessage,
  typed,
} from '../stage/byte-builder.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { scramClient, type ScramClientOptions } from '../stage/scram-client.ts'
import { inSession } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { errorFields, type ServerMessage, type WireClient } from '../stage/wire-client.ts'

const PASSWORD = 'correct horse, battery staple'
const SCRAM = 'SCRAM-SHA-256'
const PLUS = 'SCRAM-SHA-256-PLUS'
// Guesses come to both of them in turn, and are counted together.
const ENVIRONMENT = { LAKEGATE_GATEWAY_WORKERS: '2' }
let configFile: string
let lakegate: RunningLakegate
let instance: NativeInstance
let role: string

beforeAll(async () => {
  const dataDirectory = await makeDataDirectory()
  configFile = path.join(dataDirectory, 'lakegate.json')
  await writeFile(configFile, '{}')
  lakegate = await startLakegate({
    dataDirectory,
    environment: { ...ENVIRONMENT, LAKEGATE_CONFIG: configFile },
  })
  instance = await createNativeInstance(lakegate)
  role = await instance.createRole(`PASSWORD '${PASSWORD}'`)
})
afterAll(async () => {
  await lakegate.stop()
  await removeDataDirectory(lakegate.dataDirectory)
})

/** Code and data of an authentication message. */
const authentication = (message: ServerMessage | undefined) => {
  if (message?.type !== 'R')
    throw new Error(`expected an authentication message, got ${message?.type ?? 'the end'}`)
  return { code: message.body.readInt32BE(0), data: message.body.subarray(4) }
}
/** Up to the offer of mechanisms. */
async function offered(user: string): Promise<{ client: WireClient; mechanisms: readonly string[] }> {
  const client = await instance.beginLogin(user)
  const { code, data } = authentication(await client.next())
  expect(code).toBe(10)
  return { client, mechanisms: data.toString().split('\0').slice(0, -2) }
}
/** The whole exchange; what the server says at its end. */
async function prove(
  user: string,
  options: ScramClientOptions | ((client: WireClient) => ScramClientOptions),
  mechanism = SCRAM,
) {
  const { client } = await offered(user)
  const scram = scramClient(typeof options === 'function' ? options(client) : options)
  client.send(saslInitialResponse(mechanism, scram.first))
  const challenge = await client.next()
  if (challenge?.type !== 'R') return { client, end: challenge, serverFirst: '' }
  const { code, data } = authentication(challenge)
  expect(code).toBe(11)
  client.send(saslResponse(scram.final(data).message))
  return { client, end: await client.next(), serverFirst: data.toString() }
}
const saltOf = (serverFirst: string) => /,(s=.*)$/.exec(serverFirst)?.[1]

describe('the exchange', () => {
  it('offers channel binding first, and opens the session after the right proof', async () => {
    const { client, mechanisms } = await offered(role)
    client.close()
    expect(mechanisms).toEqual([PLUS, SCRAM])
    const { client: proved, end } = await prove(role, { password: PASSWORD })
    expect(authentication(end).code).toBe(12)
    expect(authentication(await proved.next()).code).toBe(0)
    proved.close()
  })

  it('binds to the certificate that the client saw, and to no other (somebody in between)', async () => {
    const bound = (certificateOf: (client: WireClient) => Buffer | string) =>
      prove(
        role,
        (client) => ({
          password: PASSWORD,
          gs2Header: 'p=tls-server-end-point,,',
          channelData: createHash('sha256').update(certificateOf(client)).digest(),
        }),
        PLUS,
      )
    const own = await bound((client) => client.peerCertificate())
    expect(authentication(own.end).code).toBe(12)
    own.client.close()
    const foreign = await bound(() => 'another certificate')
    expect(errorFields(foreign.end)).toMatchObject({ C: '28000', M: 'SCRAM channel binding check failed' })
  })

  it.each<[string, string, ScramClientOptions]>([
    [
      'a client that was made to believe that we cannot bind',
      '28000',
      { password: PASSWORD, gs2Header: 'y,,' },
    ],
    ['an authorization identity', '08P01', { password: PASSWORD, gs2Header: 'n,a=cloud_admin,' }],
    ['a mandatory extension', '08P01', { password: PASSWORD, extensions: ',m=x' }],
    ['another nonce', '08P01', { password: PASSWORD, finalNonce: 'mine' }],
    ['a nonce that fills the message', '08P01', { password: PASSWORD, nonce: 'x'.repeat(2000) }],
  ])('refuses %s', async (_what, code, options) => {
    const { end } = await prove(role, options)
    expect(errorFields(end)).toMatchObject({ C: code })
  })

  it.each<[string, Buffer]>([
    ['a mechanism that was not offered', saslInitialResponse('PLAIN', Buffer.from('n,,n=,r=x'))],
    [
      'OAUTHBEARER where it was not asked for',
      saslInitialResponse('OAUTHBEARER', Buffer.from('n,,\x01auth=\x01\x01')),
    ],
    [
      'a length beyond the message (CVE-2026-6664)',
      saslInitialResponse(SCRAM, Buffer.from('n,,n=,r=x'), 0x7fffffff),
    ],
    ['a negative length', saslInitialResponse(SCRAM, Buffer.from('n,,n=,r=x'), -2)],
    ['a length short of the message', saslInitialResponse(SCRAM, Buffer.from('n,,n=,r=x'), 3)],
    ['a mechanism without its end', typed('p', Buffer.from(SCRAM))],
    ['a password in clear', passwordMessage(PASSWORD)],
    ['a message of a megabyte', typed('p', Buffer.alloc(8), 1_000_000)],
    ['a query in its place (attack 14)', queryMessage('SELECT 1')],
  ])('refuses %s, before anything is allocated for it (attack 8)', async (_what, message) => {
    const { client } = await offered(role)
    client.send(message)
    expect(errorFields(await client.next())).toMatchObject({ C: '08P01' })
    expect(await client.next()).toBeUndefined()
  })

  it('asks a client that waits for it', async () => {
    const { client } = await offered(role)
    const scram = scramClient({ password: PASSWORD })
    client.send(saslInitialResponse(SCRAM, Buffer.alloc(0), -1))
    expect(authentication(await client.next())).toEqual({ code: 11, data: Buffer.alloc(0) })
    client.send(saslResponse(scram.first))
    client.send(saslResponse(scram.final(authentication(await client.next()).data).message))
    expect(authentication(await client.next()).code).toBe(12)
    client.close()
  })

  it('does not execute what is sent behind a wrong proof (attack 14)', async () => {
    await instance.asOwner((owner) => owner.query('CREATE TABLE IF NOT EXISTS public.pipelined (n int)'))
    await instance.asOwner((owner) => owner.query('GRANT INSERT ON public.pipelined TO PUBLIC'))
    const { client } = await offered(role)
    const scram = scramClient({ password: 'wrong' })
    client.send(saslInitialResponse(SCRAM, scram.first))
    const { data } = authentication(await client.next())
    client.send(saslResponse(scram.final(data).message), queryMessage('INSERT INTO pipelined VALUES (1)'))
    expect((await client.untilClosed()).map(({ type }) => type)).toEqual(['E'])
    expect((await instance.asOwner((owner) => owner.query('TABLE public.pipelined'))).rowCount).toBe(0)
  })

  it('ends without a word when the client has no password', async () => {
    const { client } = await offered(role)
    client.send(terminateMessage())
    expect(await client.untilClosed()).toEqual([])
  })
})

describe('what changes while the client works out its proof', () => {
  it.each<[string, (victim: string) => Promise<unknown>, string]>([
    ['native login switched off', () => instance.switchNativeLogin(false), '28P01'],
    ['another password', (victim) => alter(`ALTER ROLE ${victim} PASSWORD 'another'`), '28P01'],
    ['no password any more', (victim) => alter(`ALTER ROLE ${victim} PASSWORD NULL`), '28P01'],
    ['the role made anew', (victim) => alter(`DROP ROLE ${victim}`, `CREATE ROLE ${victim} LOGIN`), '28P01'],
    [
      'the role bound to an identity',
      (victim) => alter(`SELECT databricks_set_role_label('${victim}', 'id=7,type=USER')`),
      '28P01',
    ],
    ['NOLOGIN', (victim) => alter(`ALTER ROLE ${victim} NOLOGIN`), '28000'],
  ])('counts: %s (attacks 27, 28)', async (_what, change, code) => {
    const victim = await instance.createRole(`PASSWORD '${PASSWORD}'`)
    const { client } = await offered(victim)
    const scram = scramClient({ password: PASSWORD })
    client.send(saslInitialResponse(SCRAM, scram.first))
    const { data } = authentication(await client.next())
    try {
      await change(victim)
      client.send(saslResponse(scram.final(data).message))
      // The proof is right, and says so; the session is not opened all the same.
      expect(authentication(await client.next()).code).toBe(12)
      expect(errorFields(await client.next())).toMatchObject({ C: code })
    } finally {
      await instance.switchNativeLogin(true)
    }
  })

  const alter = (...statements: readonly string[]) =>
    instance.asOwner(async (owner) => {
      await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
      for (const statement of statements) await owner.query(statement)
    })
})

describe('an unknown role', () => {
  it('is asked, challenged and refused like a known one with a wrong password', async () => {
    const nobody = `nobody_${String(Date.now())}`
    const known = await prove(role, { password: 'wrong' })
    const unknown = await prove(nobody, { password: 'wrong' })
    const strip = (text: string) => text.replace(/r=[^,]*/, 'r=').replace(/s=[^,]{24}/, 's=')
    expect(strip(unknown.serverFirst)).toBe('r=,s=,i=4096')
    expect(strip(unknown.serverFirst)).toBe(strip(known.serverFirst))
    const text = (message: ServerMessage | undefined) =>
      message?.body.toString().replaceAll(/nobody_\d+|native_\w+/g, 'x')
    expect(text(unknown.end)).toBe(text(known.end))
    expect(errorFields(unknown.end)).toMatchObject({ C: '28P01' })
  })

  it('has the same salt every time, another one than its neighbour, and another in every exchange of nonces', async () => {
    const [first, again, other] = [
      await prove('nobody_1', { password: 'wrong' }),
      await prove('nobody_1', { password: 'wrong' }),
      await prove('nobody_2', { password: 'wrong' }),
    ]
    expect(saltOf(first.serverFirst)).toBe(saltOf(again.serverFirst))
    expect(saltOf(first.serverFirst)).not.toBe(saltOf(other.serverFirst))
    expect(first.serverFirst).not.toBe(again.serverFirst)
  })
})

describe('guessing', () => {
  const guess = async (user: string, password: string) => {
    const { client, end } = await prove(user, { password })
    client.close()
    return end?.type === 'R' ? 'in' : errorFields(end)['C']
  }

  it.each([
    ['a role that exists', () => instance.createRole(`PASSWORD '${PASSWORD}'`)],
    ['a role that does not', () => Promise.resolve('nobody_to_guess_at')],
  ])(
    'ends after ten wrong passwords of %s, also when they come at once, and nobody else is shut out',
    async (_what, make) => {
      const victim = await make()
      const opened = await Promise.all(Array.from({ length: 30 }, () => offered(victim)))
      const answers = await Promise.all(
        opened.map(async ({ client }) => {
          const scram = scramClient({ password: 'guess' })
          client.send(saslInitialResponse(SCRAM, scram.first))
          client.send(saslResponse(scram.final(authentication(await client.next()).data).message))
          return errorFields(await client.next())
        }),
      )
      const codes = answers.map((fields) => fields['C'])
      expect(codes.filter((code) => code === '28P01')).toHaveLength(10)
      expect(codes.filter((code) => code === '53400')).toHaveLength(20)
      // The right password would do no better now: or it would be told from the wrong ones.
      const shut = await instance.beginLogin(victim)
      expect(errorFields(await shut.next())).toMatchObject({
        C: '53400',
        M: `too many failed logins as role "${victim}" from this address`,
      })
      expect(await guess(role, PASSWORD)).toBe('in')
      // A token cannot be guessed, so nobody with one is kept out.
      const owner = await instance.asOwner((client) => client.query('SELECT 1'))
      expect(owner.rowCount).toBe(1)
    },
  )

  it('is forgiven who knows the password after some tries', async () => {
    const forgetful = await instance.createRole(`PASSWORD '${PASSWORD}'`)
    for (let round = 0; round < 2; round += 1) {
      for (let count = 0; count < 6; count += 1) expect(await guess(forgetful, 'wrong')).toBe('28P01')
      await inSession(lakegate, { user: forgetful, password: PASSWORD, instance }, () => Promise.resolve())
    }
  })
})

describe('a SIGHUP', () => {
  const reload = async (settings: object) => {
    await writeFile(configFile, JSON.stringify(settings))
    lakegate.process.kill('SIGHUP')
  }
  let lastRole = 0
  /** What so many wrong passwords of one role are answered that come at once, to both workers. */
  const guesses = async (count: number) => {
    const victim = `nobody_of_a_reload_${String((lastRole += 1))}`
    const opened = await Promise.all(Array.from({ length: count }, () => offered(victim)))
    return Promise.all(
      opened.map(async ({ client }) => {
        const scram = scramClient({ password: 'guess' })
        client.send(saslInitialResponse(SCRAM, scram.first))
        client.send(saslResponse(scram.final(authentication(await client.next()).data).message))
        return errorFields(await client.next())['C']
      }),
    )
  }

  it('changes how many wrong passwords close a role to an address, at every worker, and for how long', async () => {
    await reload({ 'failed-logins-per-role': 2 })
    await waitFor(
      'the new limit',
      async () => (await guesses(6)).sort().join() === '28P01,28P01,53400,53400,53400,53400',
    )
    await reload({ 'failed-logins-per-role': 2, 'failed-login-seconds': 1 })
    const victim = `nobody_of_a_reload_${String(lastRole)}`
    // Well within the minute of before.
    await waitFor(
      'the end of the closure',
      async () => {
        const client = await instance.beginLogin(victim)
        const answer = await client.next()
        client.close()
        return answer?.type === 'R'
      },
      20_000,
    )
  })

  it('changes from how many wrong passwords on an address is slowed down', async () => {
    await reload({ 'failed-logins-per-address': 1, 'failed-logins-per-role': 50 })
    await guesses(40)
    const slowLogin = async () => {
      const begun = performance.now()
      const { client, end } = await prove(role, { password: PASSWORD })
      client.close()
      expect(authentication(end).code).toBe(12)
      return performance.now() - begun >= 700
    }
    await waitFor('a login that waits', slowLogin)
    await reload({})
    await waitFor('a login that does not', async () => !(await slowLogin()), 20_000)
  })
})

describe('a restart', () => {
  it('leaves the salt of an unknown role as it was, or it would be told from that of a known one', async () => {
    const salts = async () =>
      [
        await prove('nobody_over_restarts', { password: 'wrong' }),
        await prove(role, { password: 'wrong' }),
      ].map(({ serverFirst }) => saltOf(serverFirst))
    const before = await salts()
    await lakegate.stop()
    lakegate = await startLakegate({ dataDirectory: lakegate.dataDirectory, environment: ENVIRONMENT })
    expect(before).not.toContain(undefined)
    expect(await waitFor('the instance', () => salts().catch(() => undefined))).toEqual(before)
  })
})
