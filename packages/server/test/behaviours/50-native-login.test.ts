/** behaviours 36, 50–53, attacks 27–29: roles that log in by their own password, where the instance allows it. */
import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import {
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'

const lakegate = sharedLakegate()
const PASSWORD = 'correct horse, battery staple'
let instance: NativeInstance
let role: string
let principal: TestServicePrincipal

beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
  role = await instance.createRole(`PASSWORD '${PASSWORD}'`)
  principal = await createServicePrincipal(lakegate, 'with a token')
  await instance.asOwner(async (owner) => {
    await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
    await owner.query('SELECT databricks_create_role($1, $2)', [principal.applicationId, 'SERVICE_PRINCIPAL'])
  })
})
afterAll(async () => {
  await instance.remove()
})

const as = (user: string, password = PASSWORD) => ({ user, password, instance })
const refused = (user: string, password = PASSWORD) => refusedLogin(lakegate, as(user, password))
const one = async (client: pg.Client, sql: string): Promise<unknown> =>
  Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]
const token = () => mintCredential(lakegate.admin, instance.name)

describe('a role with a password', () => {
  it('logs in with it, and is nobody of the directory', async () => {
    const seen = await inSession(lakegate, as(role), async (client) => [
      await one(client, 'SELECT session_user::text'),
      await one(client, 'SELECT identity_id FROM databricks_session_identity()'),
    ])
    expect(seen).toEqual([role, null])
  })

  it('binds its proof to the certificate (SCRAM-SHA-256-PLUS) where the driver can', async () => {
    const { instance: first } = lakegate.ready
    const client = new pg.Client({
      host: instance.host,
      port: instance.port,
      database: first.database,
      user: role,
      password: PASSWORD,
      enableChannelBinding: true,
      ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
    })
    await client.connect()
    expect(await one(client, 'SELECT session_user::text')).toBe(role)
    await client.end()
  })

  it('is refused with a wrong one, in the words of PostgreSQL', async () => {
    expect(await refused(role, 'wrong')).toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${role}"`,
    })
  })

  it('does not log in with a token: the password is what it is asked for', async () => {
    expect(await refused(role, await token())).toMatchObject({ code: '28P01' })
  })

  it('cannot create roles of identities (behaviour 36)', async () => {
    const creator = await instance.createRole(`CREATEROLE PASSWORD '${PASSWORD}'`)
    await instance.asOwner((owner) =>
      owner.query(`GRANT CREATE ON DATABASE databricks_postgres TO ${creator}`),
    )
    const other = await createServicePrincipal(lakegate, 'to be bound')
    const options = `-c databricks_auth.session=forged -c databricks_auth.identity={"id":"1","path":[]}`
    const created = inSession(lakegate, { ...as(creator), options }, (client) =>
      client.query('SELECT databricks_create_role($1, $2)', [other.applicationId, 'SERVICE_PRINCIPAL']),
    )
    await expect(created).rejects.toMatchObject({
      code: '28000',
      message: expect.stringContaining('opened with the token of a Databricks identity') as string,
    })
  })

  it.each(['SET SESSION AUTHORIZATION cloud_admin', 'SET ROLE cloud_admin', 'SET ROLE databricks_superuser'])(
    'cannot become more by %s (attack 29)',
    async (statement) => {
      const tried = inSession(lakegate, as(role), (client) => client.query(statement))
      await expect(tried).rejects.toMatchObject({ code: '42501' })
    },
  )

  it('is refused with NOLOGIN, past VALID UNTIL and above CONNECTION LIMIT, password or not (attack 28)', async () => {
    const without = await instance.createRole(`PASSWORD '${PASSWORD}'`)
    await instance.asOwner((owner) => owner.query(`ALTER ROLE ${without} NOLOGIN`))
    expect(await refused(without)).toMatchObject({
      code: '28000',
      message: expect.stringContaining('not permitted') as string,
    })
    expect(await refused(without, 'wrong')).toMatchObject({ code: '28P01' })
    const past = await instance.createRole(`PASSWORD '${PASSWORD}' VALID UNTIL '2001-01-01'`)
    expect(await refused(past)).toMatchObject({
      code: '28000',
      detail: expect.stringContaining('VALID UNTIL') as string,
    })
    expect(await refused(past, 'wrong')).toMatchObject({ code: '28P01' })
    const few = await instance.createRole(`PASSWORD '${PASSWORD}' CONNECTION LIMIT 1`)
    await inSession(lakegate, as(few), async () => {
      expect(await refused(few)).toMatchObject({ code: '53300' })
    })
  })

  it('that was changed logs in with the new one only', async () => {
    const changing = await instance.createRole(`PASSWORD 'old one'`)
    await instance.asOwner((owner) => owner.query(`ALTER ROLE ${changing} PASSWORD '${PASSWORD}'`))
    expect(await refused(changing, 'old one')).toMatchObject({ code: '28P01' })
    await expect(inSession(lakegate, as(changing), () => Promise.resolve('in'))).resolves.toBe('in')
  })
})

describe('while native login is on', () => {
  it('the role of an identity logs in with its token, and not with a password given to it besides (behaviour 52)', async () => {
    const user = principal.applicationId
    await instance.asOwner((owner) => owner.query(`ALTER ROLE "${user}" PASSWORD '${PASSWORD}'`))
    const error = await refused(user)
    expect(error).toMatchObject({
      code: '28P01',
      message: expect.stringContaining('Failed to decode token') as string,
    })
    const password = await mintCredential(principal.http, instance.name)
    await expect(inSession(lakegate, as(user, password), () => Promise.resolve('in'))).resolves.toBe('in')
  })

  it('a role without label and password is refused like an unknown one (attack 61)', async () => {
    const plain = await instance.createRole('')
    expect(await refused(plain, await token())).toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${plain}"`,
      hint: expect.stringContaining('A token opens only roles that are bound to an identity') as string,
    })
  })

  it('an MD5 password opens nothing', async () => {
    const old = await instance.createRole(`PASSWORD 'md5${'a0'.repeat(16)}'`)
    expect(await refused(old)).toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${old}"`,
    })
  })

  it('an unknown role is refused like a wrong password (behaviour 28)', async () => {
    expect(await refused('nobody_at_all')).toMatchObject({
      code: '28P01',
      message: 'password authentication failed for user "nobody_at_all"',
    })
  })
})

describe('the switch', () => {
  it('refuses new logins at once and leaves open sessions, and takes logins again without a restart (behaviours 50, 51)', async () => {
    await inSession(lakegate, as(role), async (open) => {
      await instance.switchNativeLogin(false)
      try {
        expect(await refused(role)).toMatchObject({
          code: '28P01',
          message: `Failed to decode token for role "${role}" and native postgres login was either not attempted due to configuration or failed.`,
        })
        expect(await one(open, 'SELECT 41 + 1')).toBe(42)
        // behaviour 27: whoever has a token may know.
        const plain = await instance.createRole('')
        for (const unbound of [role, plain]) {
          expect(await refused(unbound, await token())).toMatchObject({
            code: '28000',
            message: `An oauth token was supplied but no role security label was configured in postgres for role "${unbound}"`,
          })
        }
      } finally {
        await instance.switchNativeLogin(true)
      }
      await expect(inSession(lakegate, as(role), () => Promise.resolve('in'))).resolves.toBe('in')
      expect(await one(open, 'SELECT session_user::text')).toBe(role)
    })
  })
})
