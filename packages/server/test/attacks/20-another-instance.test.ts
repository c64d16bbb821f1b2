/** Attack 20, behaviours 6, 41: a credential is for the instances it names, by what never comes again. */
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { inSession, mintCredential, refusedLogin } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { admin, ready } = lakegate
const INSTANCES = '/api/2.0/database/instances'

async function createInstance(name: string): Promise<DatabaseInstance> {
  await admin.request('POST', INSTANCES, { name })
  return waitFor(`${name} to be AVAILABLE`, async () => {
    const instance = await admin.request<DatabaseInstance>('GET', `${INSTANCES}/${name}`)
    return instance.state === 'AVAILABLE' ? instance : undefined
  })
}
async function removeInstance(name: string): Promise<void> {
  await admin.request('DELETE', `${INSTANCES}/${name}`)
  await waitFor(`${name} to be gone`, async () =>
    admin.request('GET', `${INSTANCES}/${name}`).then(
      () => false,
      () => true,
    ),
  )
}
const at = ({ read_write_dns: host, read_write_port: port }: DatabaseInstance, password: string) => ({
  user: ready.admin_user,
  password,
  instance: { host, port: port ?? 5432 },
})
const logIn = (instance: DatabaseInstance, password: string) =>
  inSession(lakegate, at(instance, password), (session) => session.query('SELECT 1'))

it('opens each instance that it names, no other, and none that was made anew under the name', async () => {
  const name = `second-${randomUUID().replace(/\d/g, 'x').slice(0, 8)}`
  const second = await createInstance(name)
  const first = await admin.request<DatabaseInstance>('GET', `${INSTANCES}/${ready.instance.name}`)
  const both = await mintCredential(admin, ready.instance.name, name)
  const onlyFirst = await mintCredential(admin, ready.instance.name)
  const onlySecond = await mintCredential(admin, name)
  await expect(logIn(first, both)).resolves.toBeDefined()
  await expect(logIn(second, both)).resolves.toBeDefined()
  await expect(logIn(first, onlyFirst)).resolves.toBeDefined()
  await expect(logIn(second, onlySecond)).resolves.toBeDefined()
  const refusal = { code: '28000', detail: 'The token was issued for other database instances.' }
  expect(await refusedLogin(lakegate, at(second, onlyFirst))).toMatchObject(refusal)
  expect(await refusedLogin(lakegate, at(first, onlySecond))).toMatchObject(refusal)

  await removeInstance(name)
  const again = await createInstance(name)
  expect(again.uid).not.toBe(second.uid)
  expect(await refusedLogin(lakegate, at(again, onlySecond))).toMatchObject(refusal)
  expect(await refusedLogin(lakegate, at(again, both))).toMatchObject(refusal)
  await expect(logIn(first, both)).resolves.toBeDefined()
  await expect(logIn(again, await mintCredential(admin, name))).resolves.toBeDefined()
  await removeInstance(name)
})
