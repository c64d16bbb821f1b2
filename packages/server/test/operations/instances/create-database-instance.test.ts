/** Where the operator wants no instances of Lakegate's own, none is recorded; clusters are attached nevertheless. */
import { describe, expect, it } from 'vitest'
import type { InstanceUid } from '../../../src/domain/ids.ts'
import { Redacted } from '../../../src/domain/redacted.ts'
import {
  createDatabaseInstance,
  type CreateDatabaseInstancePorts,
} from '../../../src/operations/instances/create-database-instance.ts'
import { NO_SETTINGS } from '../../../src/policy/instance-settings.ts'
import { INSTANCE_UID, MEMBER, NOW } from '../../policy/facts.ts'
import { instanceRow } from '../instance-world.ts'

/** @param recorded takes the name of everything that is recorded */
const portsThat = (recorded: string[], localInstances: 'allow' | 'refuse'): CreateDatabaseInstancePorts => ({
  store: {
    findByName: () => Promise.resolve(undefined),
    insert({ name }) {
      recorded.push(name)
      return Promise.resolve(instanceRow({ name }))
    },
  },
  listeners: { allocate: () => Promise.resolve({ host: '127.0.0.1', port: undefined }) },
  supervisor: { wake: () => undefined },
  clock: () => NOW,
  newInstanceUid: (): InstanceUid => INSTANCE_UID,
  encryption: { encrypt: () => Buffer.alloc(0) },
  instancesPerWorkspace: 10,
  localInstances,
  attachingCallers: 'account-admins',
})

describe('local-instances', () => {
  it('set to refuse, refuses an instance without a cluster to attach, whatever its name', async () => {
    const recorded: string[] = []
    for (const name of ['shop', '1'])
      await expect(
        createDatabaseInstance(portsThat(recorded, 'refuse'), MEMBER, { name, settings: NO_SETTINGS }),
      ).rejects.toMatchObject({ refusal: { name: 'local_instances_refused' } })
    expect(recorded).toEqual([])
  })

  it('set to refuse, lets clusters be attached', async () => {
    const recorded: string[] = []
    await createDatabaseInstance(
      portsThat(recorded, 'refuse'),
      { ...MEMBER, isAccountAdmin: true },
      {
        name: 'shop',
        settings: NO_SETTINGS,
        attached: {
          cluster: {
            hosts: [{ host: 'db.example.com', port: 5432 }],
            database: 'postgres',
            tls: { mode: 'verify-full', caPem: undefined },
            administrator: 'postgres',
            backendAuthentication: 'scram',
            existingPasswords: 'refuse',
          },
          password: new Redacted('x'),
        },
      },
    )
    expect(recorded).toEqual(['shop'])
  })

  it('set to allow, makes them', async () => {
    const recorded: string[] = []
    await createDatabaseInstance(portsThat(recorded, 'allow'), MEMBER, {
      name: 'shop',
      settings: NO_SETTINGS,
    })
    expect(recorded).toEqual(['shop'])
  })
})
