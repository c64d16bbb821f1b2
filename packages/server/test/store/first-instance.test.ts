/**
 * The first instance in a real system database. Two first starts at the same moment want it: there is one, and nobody fails.
 * What the gateway writes down of it is there at the next start.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { AccountId, InstanceUid } from '../../src/domain/ids.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { createFirstInstance } from '../../src/operations/instances/create-first-instance.ts'
import { prepareInstallation } from '../../src/operations/installation/prepare-installation.ts'
import { createInstallationStore } from '../../src/store/installation.ts'
import { createInstanceStore } from '../../src/store/instances.ts'
import { NOW } from '../policy/facts.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(async () => system.stop())

/** Nobody passes before as many have come. */
function createBarrier(count: number): () => Promise<void> {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  let missing = count
  return () => {
    missing -= 1
    if (missing === 0) open()
    return opened
  }
}

/** @param beforeItIsMade between the look for an instance and the making of one */
async function startWith(name: string, beforeItIsMade: () => Promise<void>): Promise<void> {
  const installation = await prepareInstallation(createInstallationStore(system.database), {
    newAccountId: randomUUID() as AccountId,
    workspaceName: 'default',
    adminUserName: 'admin@lakegate.local',
    now: NOW,
  })
  await createFirstInstance(
    {
      store: createInstanceStore(system.database),
      listeners: {
        async allocate() {
          await beforeItIsMade()
          return { host: '127.0.0.1', port: undefined }
        },
      },
      supervisor: { wake: () => undefined },
      clock: () => NOW,
      newInstanceUid: () => randomUUID() as InstanceUid,
      encryption: createKeyEncryption([new Redacted(randomBytes(32))]),
      localInstances: 'allow',
    },
    installation,
    name,
  )
}

beforeEach(async () => {
  await system.database.deleteFrom('database_instance').execute()
})

it.each([
  ['of the same name', ['dev', 'dev']],
  ['of different names', ['one', 'other']],
])('%s', async (_which, names) => {
  const bothHaveLooked = createBarrier(2)
  await Promise.all(names.map((name) => startWith(name, bothHaveLooked)))
  const made = await createInstanceStore(system.database).listAll()
  expect(made).toHaveLength(1)
  expect(names).toContain(made[0]?.name)
})

it('keeps where its endpoints listen, and which ports are their own', async () => {
  await startWith('dev', () => Promise.resolve())
  const store = createInstanceStore(system.database)
  const [made] = await store.listAll()
  if (made === undefined) throw new Error('there is no instance')
  expect(made.listener).toEqual({ host: '127.0.0.1', port: undefined, ownPort: undefined })
  const listener = { host: '127.0.0.1', port: 40001, ownPort: 5432 }
  const pooledListener = { host: '127.0.0.1', port: 40002, ownPort: 40003 }
  await store.recordListener(made.uid, listener)
  await store.recordPooledListener(made.uid, pooledListener)
  await expect(store.loadInstance(made.uid)).resolves.toMatchObject({ listener, pooledListener })
})
