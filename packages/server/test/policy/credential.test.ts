/** Who may mint a database credential (behaviours 4, 5, 59, 60), line by line. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideMint, type MintableInstance } from '../../src/policy/credential.ts'
import type { Caller } from '../../src/policy/permissions.ts'
import { toHttpRefusal } from '../../src/policy/refusals.ts'
import { ALICE_ID, FOREIGN_INSTANCE, MEMBER, OTHER_WORKSPACE } from './facts.ts'

const ADMIN: Caller = { ...MEMBER, isWorkspaceAdmin: true }
const mintable = (change: Partial<MintableInstance>): MintableInstance => ({
  instance: FOREIGN_INSTANCE,
  granted: undefined,
  hasRole: false,
  ...change,
})
const nameOf = (caller: Caller, instances: readonly MintableInstance[]) => {
  const verdict = decideMint(caller, instances)
  return verdict === 'permitted' ? verdict : verdict.name
}

describe('minting a database credential', () => {
  const stopped = { ...FOREIGN_INSTANCE, state: 'STOPPED' as const }
  const rows: readonly (readonly [string, Caller, readonly MintableInstance[], string])[] = [
    [
      'is refused without the scope postgres or all-apis (behaviour 4)',
      { ...ADMIN, scopes: ['openid'] },
      [mintable({})],
      'scope_insufficient',
    ],
    [
      'is permitted with the scope postgres (behaviour 4)',
      { ...ADMIN, scopes: ['postgres'] },
      [mintable({})],
      'permitted',
    ],
    [
      'is permitted to the owner (behaviour 5)',
      MEMBER,
      [mintable({ instance: { ...FOREIGN_INSTANCE, creatorId: ALICE_ID } })],
      'permitted',
    ],
    ['is permitted to a workspace administrator (behaviour 5)', ADMIN, [mintable({})], 'permitted'],
    [
      'is permitted with CAN_MANAGE (behaviour 5)',
      MEMBER,
      [mintable({ granted: 'CAN_MANAGE' })],
      'permitted',
    ],
    [
      'is permitted to who has a Postgres role and no permission (behaviour 59)',
      MEMBER,
      [mintable({ hasRole: true })],
      'permitted',
    ],
    [
      'is refused with CAN_USE alone (behaviour 60)',
      MEMBER,
      [mintable({ granted: 'CAN_USE' })],
      'permission_denied',
    ],
    ['is refused to a stranger (behaviour 5)', MEMBER, [mintable({})], 'permission_denied'],
    [
      'is refused for an instance of another workspace',
      ADMIN,
      [mintable({ instance: { ...FOREIGN_INSTANCE, workspaceId: OTHER_WORKSPACE } })],
      'permission_denied',
    ],
    [
      'is refused while nobody can tell whether there is a role',
      MEMBER,
      [mintable({ instance: stopped, hasRole: 'unknown' })],
      'instance_state_conflict',
    ],
    [
      'is permitted to who manages a stopped instance',
      ADMIN,
      [mintable({ instance: stopped, hasRole: 'unknown' })],
      'permitted',
    ],
    [
      'for several instances needs every one of them (behaviour 6)',
      MEMBER,
      [mintable({ hasRole: true }), mintable({})],
      'permission_denied',
    ],
    [
      'for several instances is permitted when every one is (behaviour 6)',
      MEMBER,
      [mintable({ hasRole: true }), mintable({ granted: 'CAN_MANAGE' })],
      'permitted',
    ],
  ]
  it.each(rows)('%s', (_fact, caller, instances, expected) => {
    expect(nameOf(caller, instances)).toBe(expected)
  })

  it('names in its refusal the instance that is in the way', () => {
    const verdict = decideMint(MEMBER, [
      mintable({ hasRole: true }),
      mintable({ instance: { ...FOREIGN_INSTANCE, name: 'payroll' } }),
    ])
    if (verdict === 'permitted') throw new Error('a stranger does not mint')
    expect(toHttpRefusal(verdict)).toMatchObject({ status: 403, errorCode: 'PERMISSION_DENIED' })
    expect(toHttpRefusal(verdict)?.message).toContain('payroll')
  })

  it('is never permitted because a fact got worse', () => {
    const anyInstance = fc.record({
      instance: fc.record({
        creatorId: fc.constantFrom(ALICE_ID, FOREIGN_INSTANCE.creatorId),
        workspaceId: fc.constantFrom(FOREIGN_INSTANCE.workspaceId, OTHER_WORKSPACE),
        name: fc.constant('sales'),
        state: fc.constantFrom('AVAILABLE' as const, 'STOPPED' as const),
      }),
      granted: fc.constantFrom(undefined, 'CAN_USE' as const, 'CAN_MANAGE' as const),
      hasRole: fc.constantFrom(true, false, 'unknown' as const),
    })
    const anyCaller = fc.record({
      isWorkspaceAdmin: fc.boolean(),
      scopes: fc.subarray(['all-apis', 'postgres', 'openid']),
    })
    fc.assert(
      fc.property(anyCaller, fc.array(anyInstance, { minLength: 1, maxLength: 3 }), (change, instances) => {
        const caller: Caller = { ...MEMBER, ...change }
        if (decideMint(caller, instances) === 'permitted') return
        const worse: readonly (readonly [Caller, readonly MintableInstance[]])[] = [
          [{ ...caller, isWorkspaceAdmin: false }, instances],
          [{ ...caller, scopes: [] }, instances],
          [caller, instances.map((each) => ({ ...each, granted: undefined }))],
          [caller, instances.map((each) => ({ ...each, hasRole: false as const }))],
          [caller, instances.map((each) => ({ ...each, hasRole: 'unknown' as const }))],
          [
            caller,
            instances.map((each) => ({
              ...each,
              instance: { ...each.instance, workspaceId: OTHER_WORKSPACE },
            })),
          ],
          [caller, [...instances, mintable({})]],
        ]
        for (const [worseCaller, worseInstances] of worse)
          expect(nameOf(worseCaller, worseInstances)).not.toBe('permitted')
      }),
    )
  })
})
