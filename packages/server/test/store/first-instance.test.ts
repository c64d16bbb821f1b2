/** Two first starts at the same moment want the first instance, in a real system database: there is one, and nobody fails. */
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AccountId, InstanceUid } from '../../src/domain/ids.ts'
import { Redacted } from '../../src/domain/redacted.ts'
import { createKeyEncryption } from '../../src/keys/key-encryption.ts'
import { createFirstInstance } from '../../src/operations/create-first-instance.ts'
import { prepareInstallation } from '../../src/operations/prepare-installation.ts'
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

it.each([
  ['of the same name', ['dev', 'dev']],
  ['of different names', ['one', 'other']],
])('%s', async (_which, names) => {
  await system.database.deleteFrom('database_instance').execute()
  const store = createInstanceStore(system.database)
  // Between the look for an instance and the making of one.
  const bothHaveLooked = createBarrier(2)
  const installation = await prepareInstallation(createInstallationStore(system.database), {
    newAccountId: randomUUID() as AccountId,
    workspaceName: 'default',
    adminUserName: 'admin@lakegate.local',
    now: NOW,
  })
  await Promise.all(
    names.map((name) =>
      createFirstInstance(
        {
          store,
          listeners: {
            async allocate() {
              await bothHaveLooked()
              return { host: '127.0.0.1', port: undefined }
            },
          },
          supervisor: { wake: () => undefined },
          clock: () => NOW,
          newInstanceUid: () => randomUUID() as InstanceUid,
          encryption: createKeyEncryption([new Redacted(randomBytes(32))]),
        },
        installation,
        name,
      ),
    ),
  )
  const made = await store.listAll()
  expect(made).toHaveLength(1)
  expect(names).toContain(made[0]?.name)
})
