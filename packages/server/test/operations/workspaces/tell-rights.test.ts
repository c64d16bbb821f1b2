/** What a caller may do is told of instances that run and of those that cannot be asked. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/domain/fault.ts'
import { tellInstanceRights, type TellRightsPorts } from '../../../src/operations/workspaces/tell-rights.ts'
import { BOB_ID, MEMBER } from '../../policy/facts.ts'
import { instanceRow } from '../instance-world.ts'

const instance = instanceRow({ state: 'AVAILABLE', creatorId: BOB_ID, creatorName: 'bob@example.com' })
const portsWith = (
  hasRoleBoundTo: TellRightsPorts['roles']['hasRoleBoundTo'],
  of = instance,
): TellRightsPorts => ({
  store: {
    findByName: () => Promise.resolve(of),
    loadPermission: () => Promise.resolve('CAN_USE'),
    count: () => Promise.resolve(1),
  },
  roles: { hasRoleBoundTo },
  instancesPerWorkspace: 10,
  localInstances: 'allow',
  attachingCallers: 'nobody',
})
const tell = (ports: TellRightsPorts) => tellInstanceRights(ports, MEMBER, { instance: instance.name })
const fault = (origin: 'instance' | 'store', retryable: boolean) =>
  new Fault({ code: 'x', origin, message: 'It does not answer.', retryable })

describe('the rights on an instance', () => {
  it('include minting for whom the instance has a role', async () => {
    expect((await tell(portsWith(() => Promise.resolve(true)))).rights).toContain('mint_credential')
    expect((await tell(portsWith(() => Promise.resolve(false)))).rights).not.toContain('mint_credential')
  })

  it('are told without minting while the instance does not answer', async () => {
    const { rights, level } = await tell(portsWith(() => Promise.reject(fault('instance', true))))
    expect(level).toBe('CAN_USE')
    expect(rights).toContain('see_roles')
    expect(rights).not.toContain('mint_credential')
  })

  it('do not ask an instance that does not run', async () => {
    const stopped = { ...instance, state: 'STOPPED' as const }
    const ports = portsWith(() => Promise.reject(new Error('it was asked')), stopped)
    expect((await tell(ports)).rights).toContain('see_roles')
  })

  it('are not guessed when the system database does not answer, nor after a defect', async () => {
    await expect(tell(portsWith(() => Promise.reject(fault('store', true))))).rejects.toThrow('not answer')
    await expect(tell(portsWith(() => Promise.reject(new Error('a defect'))))).rejects.toThrow('a defect')
  })
})
