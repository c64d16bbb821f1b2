/** Attack 62: a member of a group leaves a password on the group's role, and waits for the label to be cleared. */
import { randomUUID } from 'node:crypto'
import type { ScimGroup } from '@lakegate/client'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createNativeInstance, type NativeInstance } from '../stage/native-instance.ts'
import {
  createServicePrincipal,
  inSession,
  mintCredential,
  refusedLogin,
} from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()
const SET_LABEL = 'SELECT databricks_set_role_label($1, $2)'

let instance: NativeInstance
beforeAll(async () => {
  instance = await createNativeInstance(lakegate)
})
afterAll(() => instance.remove())

const withNotices = async (client: pg.Client, work: () => Promise<unknown>): Promise<readonly string[]> => {
  const notices: string[] = []
  client.on('notice', ({ message }) => notices.push(message ?? ''))
  await work()
  return notices
}

it('the password of a former member opens nothing once the label is cleared, and the owner reads why', async () => {
  const member = await createServicePrincipal(lakegate, 'leaves the group')
  const name = `analysts ${randomUUID().slice(0, 8)}`
  const group = await lakegate.admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
    displayName: name,
    members: [{ value: member.id }],
  })
  await instance.asOwner((owner) => owner.query(`SELECT databricks_create_role($1, 'GROUP')`, [name]))
  const password = randomUUID()
  const login = { user: name, instance }
  await inSession(
    lakegate,
    { ...login, password: await mintCredential(member.http, instance.name) },
    (session) => session.query(`ALTER ROLE "${name}" PASSWORD '${password}'`),
  )
  await lakegate.admin.request('DELETE', `/api/2.0/preview/scim/v2/Groups/${group.id}`)

  const notices = await instance.asOwner((owner) =>
    withNotices(owner, () => owner.query(SET_LABEL, [name, null])),
  )
  expect(notices).toEqual([`the password of role "${name}" is removed together with its label`])
  expect(await refusedLogin(lakegate, { ...login, password })).toMatchObject({ code: '28P01' })
})

it('a password that the owner sets after the label is cleared opens the role', async () => {
  const principal = await createServicePrincipal(lakegate, 'turned native')
  const role = await instance.createRole('')
  const password = randomUUID()
  await instance.asOwner(async (owner) => {
    await owner.query(SET_LABEL, [role, `id=${principal.id},type=SERVICE_PRINCIPAL`])
    await owner.query(SET_LABEL, [role, null])
    await owner.query(`ALTER ROLE ${role} PASSWORD '${password}'`)
  })
  const who = await inSession(lakegate, { user: role, password, instance }, (session) =>
    session.query('SELECT session_user AS who'),
  )
  expect(who.rows).toEqual([{ who: role }])
})

it('clearing the label of a role that was never bound leaves its password', async () => {
  const password = randomUUID()
  const role = await instance.createRole(`PASSWORD '${password}'`)
  await instance.asOwner((owner) => owner.query(SET_LABEL, [role, null]))
  await expect(
    inSession(lakegate, { user: role, password, instance }, (session) => session.query('SELECT 1')),
  ).resolves.toBeDefined()
})

it('keeps the comment that the role had', async () => {
  const role = await instance.createRole('')
  const { rows } = await instance.asOwner(async (owner) => {
    await owner.query(`COMMENT ON ROLE ${role} IS 'of the billing team'`)
    await owner.query(SET_LABEL, [role, 'id=1,type=USER'])
    return owner.query(`SELECT shobj_description($1::regrole, 'pg_authid') AS comment`, [role])
  })
  expect(rows).toEqual([{ comment: 'of the billing team' }])
})
