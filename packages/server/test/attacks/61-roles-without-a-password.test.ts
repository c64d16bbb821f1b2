/**
 * Attack 61: while native login is on, a stranger asks for names. Roles that take a token are asked for one, and show by
 * that; every other name gets one and the same exchange, whether it is a role with a password, one without, one that may
 * not log in, or none at all (DESIGN §6.4, attack 34). And no password outlives the binding of a role unseen.
 */
import { randomUUID } from 'node:crypto'
import type { AuditAnswer, DatabaseInstanceRole, ScimGroup } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saslInitialResponse, saslResponse } from '../stage/byte-builder.ts'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import { scramClient } from '../stage/scram-client.ts'
import {
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
  type TestServicePrincipal,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { errorFields, type ServerMessage } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
const PASSWORD = 'correct horse, battery staple'
let instance: NativeInstance
beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
})
afterAll(async () => {
  await instance.remove()
})

/** An authentication message as a client sees it; anything else as it is. */
const seen = (message: ServerMessage | undefined): string =>
  message?.type === 'R'
    ? `R ${String(message.body.readInt32BE(0))} ${message.body.subarray(4).toString('latin1')}`
    : `${message?.type ?? 'the end'} ${message?.body.toString('utf8') ?? ''}`

/** Everything that the server says, up to its end, to somebody who proves this password. */
async function transcript(user: string, password: string): Promise<string> {
  const client = await instance.beginLogin(user)
  const heard = [await client.next()]
  if (heard[0]?.type === 'R' && heard[0].body.readInt32BE(0) === 10) {
    const scram = scramClient({ password })
    client.send(saslInitialResponse('SCRAM-SHA-256', scram.first))
    const challenge = await client.next()
    heard.push(challenge)
    if (challenge?.type === 'R') client.send(saslResponse(scram.final(challenge.body.subarray(4)).message))
    heard.push(...(await client.untilClosed()))
  } else {
    client.close()
  }
  // What is another one for each name, or each time: the name, the nonce, and the salt, whose length stays.
  return (
    heard
      .map(seen)
      .join('\n')
      // As long as PostgreSQL lets a name be.
      .replaceAll(user.slice(0, 63), '<name>')
      .replace(/r=[^,]*/, 'r=<nonce>')
      .replace(/s=[A-Za-z0-9+/=]{24},/, 's=<salt>,')
  )
}

async function withoutLogin(options: string): Promise<string> {
  const role = await instance.createRole(options)
  await instance.asOwner((owner) => owner.query(`ALTER ROLE ${role} NOLOGIN`))
  return role
}

const ROLES: readonly (readonly [what: string, make: () => Promise<string>])[] = [
  ['with another password', () => instance.createRole(`PASSWORD '${PASSWORD}'`)],
  ['without a password', () => instance.createRole('')],
  ['with an MD5 password', () => instance.createRole(`PASSWORD 'md5${'a0'.repeat(16)}'`)],
  ['with a verifier that nobody can read', () => instance.createRole(`PASSWORD 'SCRAM-SHA-256$1:x$y:z'`)],
  ['that may not log in', () => withoutLogin('')],
  ['with a password, that may not log in', () => withoutLogin(`PASSWORD '${PASSWORD}'`)],
  ['past its VALID UNTIL', () => instance.createRole(`VALID UNTIL '2001-01-01'`)],
  [
    'with a password, past its VALID UNTIL',
    () => instance.createRole(`VALID UNTIL '2001-01-01' PASSWORD '${PASSWORD}'`),
  ],
  ['without any connections', () => instance.createRole('CONNECTION LIMIT 0')],
  ['that is the system superuser', () => Promise.resolve('cloud_admin')],
  ['that the instance was born with', () => Promise.resolve('databricks_superuser')],
  ['that PostgreSQL was born with', () => Promise.resolve('pg_read_all_data')],
  ['whose name is longer than a name', () => Promise.resolve('x'.repeat(64))],
]

describe('while native login is on, a role', () => {
  it.each(ROLES)('%s is not told from a name that nobody has', async (_what, make) => {
    const nobody = await transcript(`nobody_${randomUUID()}`, 'guess')
    expect(nobody).toMatch(/^R 10 SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0\nR 11 r=<nonce>,s=<salt>,i=4096\nE /)
    expect(await transcript(await make(), 'guess')).toBe(nobody)
  })

  it.each(ROLES.filter(([what]) => !what.startsWith('with a')))(
    '%s opens by no password, the empty one included',
    async (_what, make) => {
      const role = await make()
      for (const password of ['', PASSWORD, role])
        expect(await transcript(role, password)).toContain('C28P01')
    },
  )

  it('without a password is closed to guessing like a name that nobody has', async () => {
    const end = async (user: string) => {
      let last = ''
      for (let count = 0; count < 11; count += 1) last = await transcript(user, 'guess')
      return last.replace(/another \d+ seconds/, 'another while')
    }
    const nobody = await end(`nobody_${randomUUID()}`)
    expect(nobody).toContain('C53400')
    expect(await end(await instance.createRole(''))).toBe(nobody)
  })

  it('is asked for a token only when it has a label', async () => {
    const role = await instance.createRole('')
    await instance.asOwner(async (owner) => {
      await owner.query('CREATE EXTENSION IF NOT EXISTS databricks_auth')
      await owner.query('SELECT databricks_set_role_label($1, $2)', [role, 'id=7,type=USER'])
    })
    expect(await transcript(role, 'guess')).toMatch(/^R 3 $/)
  })

  it('shows in the audit why a password was refused, which its client does not read', async () => {
    const names = {
      'the password is wrong': await instance.createRole(`PASSWORD '${PASSWORD}'`),
      'the role has no password for SCRAM-SHA-256': await instance.createRole(''),
      'there is no such role': `nobody_${randomUUID()}`,
    }
    for (const name of Object.values(names)) await transcript(name, 'guess')
    for (const [why, role] of Object.entries(names)) {
      const record = await waitFor(`the record of ${role}`, async () => {
        const { records } = await lakegate.admin.request<AuditAnswer>(
          'GET',
          '/api/2.0/lakegate/audit?event=login&reason=password_authentication_failed&page_size=100',
        )
        return records.find((found) => found.role === role)
      })
      expect(record.detail).toBe(why)
    }
  })

  it('reads in the refusal, whoever it is, what a token is good for', async () => {
    const client = await instance.beginLogin(await instance.createRole(''))
    await client.next()
    const scram = scramClient({ password: await mintCredential(lakegate.admin, instance.name) })
    client.send(saslInitialResponse('SCRAM-SHA-256', scram.first))
    const challenge = await client.next()
    client.send(saslResponse(scram.final(challenge?.body.subarray(4) ?? Buffer.alloc(0)).message))
    expect(errorFields(await client.next())).toMatchObject({
      C: '28P01',
      H: expect.stringContaining('A token opens only roles that are bound to an identity') as string,
    })
  })
})

describe('a password that a member set on the role of a group', () => {
  const groupPath = '/api/2.0/preview/scim/v2/Groups'
  let member: TestServicePrincipal
  let group: ScimGroup
  const rolePath = (name: string) => `/api/2.0/database/instances/${instance.name}/roles/${name}`
  const createRole = (name: string, identityType: string) =>
    lakegate.admin.request('POST', `/api/2.0/database/instances/${instance.name}/roles`, {
      name,
      identity_type: identityType,
    })
  const byPassword = (user: string) => ({ user, password: PASSWORD, instance })

  beforeAll(async () => {
    member = await createServicePrincipal(lakegate, 'member')
    group = await lakegate.admin.request<ScimGroup>('POST', groupPath, {
      displayName: `group ${randomUUID()}`,
      members: [{ value: member.id }],
    })
    await createRole(group.displayName, 'GROUP')
    const password = await mintCredential(member.http, instance.name)
    await inSession(lakegate, { user: group.displayName, password, instance }, (client) =>
      client.query(`ALTER ROLE CURRENT_USER PASSWORD '${PASSWORD}'`),
    )
  })

  it('opens nothing, also when the member was removed and the group deleted: the role stays bound', async () => {
    const role = group.displayName
    expect(await refusedLogin(lakegate, byPassword(role))).toMatchObject({ code: '28P01' })
    await lakegate.admin.request('DELETE', `${groupPath}/${group.id}`)
    expect(await refusedLogin(lakegate, byPassword(role))).toMatchObject({ code: '28P01' })
    await expect(lakegate.admin.request<DatabaseInstanceRole>('GET', rolePath(role))).resolves.toMatchObject({
      identity_type: 'GROUP',
    })
  })

  it('stays shut because REST takes the binding off no role', async () => {
    const role = group.displayName
    await expect(
      lakegate.admin.request('PATCH', `${rolePath(role)}?update_mask=identity_type`, {
        name: role,
        identity_type: 'PG_ONLY',
      }),
    ).rejects.toThrow(/a role stays bound to what it was made for/)
    expect(await refusedLogin(lakegate, byPassword(role))).toMatchObject({ code: '28P01' })
  })

  it('is gone with the role, and is not that of another one under its name', async () => {
    const role = group.displayName
    await lakegate.admin.request('DELETE', rolePath(role))
    await createRole(role, 'PG_ONLY')
    expect(await refusedLogin(lakegate, byPassword(role))).toMatchObject({
      code: '28P01',
      message: `password authentication failed for user "${role}"`,
    })
  })
})
