/** An open session is judged again as a login of its role would be, and its role is the one it was opened as. */
import { describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '../../../src/domain/database-instance.ts'
import type { RoleOid } from '../../../src/domain/ids.ts'
import { createRecheckSession } from '../../../src/operations/sessions/recheck-session.ts'
import { ALICE, OWN_ROLE, TOKEN } from '../../policy/facts.ts'
import { instanceRow } from '../instance-world.ts'

const instance: DatabaseInstance = instanceRow({ state: 'AVAILABLE' })

/** @param now what bears the name of the session's role now */
const recheck = (now: typeof OWN_ROLE) =>
  createRecheckSession({
    roles: { loadRoleFacts: () => Promise.resolve(now) },
    directory: { loadLoginFacts: () => Promise.resolve({ identity: ALICE, group: undefined }) },
    claims: { loadClaimSet: () => Promise.resolve([]) },
    clock: () => new Date('2099-01-01'),
  })({ token: TOKEN, instance, roleName: OWN_ROLE.name, roleOid: OWN_ROLE.oid })

describe('an open session', () => {
  it('may stay open, after its token expired too, while its role is as it was', async () => {
    await expect(recheck(OWN_ROLE)).resolves.toBeUndefined()
  })

  it('may not when another role has got the name of its role since, bound to the same identity', async () => {
    const another = { ...OWN_ROLE, oid: '99999' as RoleOid }
    await expect(recheck(another)).resolves.toMatchObject({ name: 'role_does_not_exist' })
  })
})
