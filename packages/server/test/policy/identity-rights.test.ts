/** The list of what may be done with an identity says what the rules of permissions.ts say. */
import { describe, expect, it } from 'vitest'
import type { IdentityId } from '../../src/domain/ids.ts'
import {
  IDENTITY_ACTIONS,
  identityActions,
  identityKeeper,
  type JudgedIdentity,
} from '../../src/policy/identity-rights.ts'
import type { Caller } from '../../src/policy/permissions.ts'
import { MEMBER, OTHER_WORKSPACE } from './facts.ts'

const ADMIN: Caller = { ...MEMBER, isWorkspaceAdmin: true }
const ACCOUNT_ADMIN: Caller = { ...MEMBER, isAccountAdmin: true }
const USER: JudgedIdentity = {
  id: '77' as IdentityId,
  name: 'bob@example.com',
  type: 'USER',
  homeWorkspaceId: MEMBER.workspaceId,
  systemGroup: undefined,
  isAccountAdmin: false,
}
const PROGRAM: JudgedIdentity = { ...USER, type: 'SERVICE_PRINCIPAL' }
const GROUP: JudgedIdentity = { ...USER, type: 'GROUP' }

describe('what may be done with an identity', () => {
  it('is nothing for a member of the workspace', () => {
    for (const identity of [USER, PROGRAM, GROUP]) expect(identityActions(MEMBER, identity)).toEqual([])
  })

  it('is to end the own sign-ins for oneself', () => {
    expect(identityActions(MEMBER, { ...USER, id: MEMBER.identity.id })).toEqual(['manage_sign_in_sessions'])
  })

  it('is everything of its type but the account for an administrator of the workspace that made it', () => {
    expect(identityActions(ADMIN, USER)).toEqual([
      'change',
      'delete',
      'take_out_of_workspace',
      'deactivate',
      'make_sign_in_link',
      'manage_sign_in_sessions',
      'manage_open_sessions',
    ])
    expect(identityActions(ADMIN, PROGRAM)).toContain('manage_secrets')
    expect(identityActions(ADMIN, GROUP)).toContain('change_members')
  })

  it('is to take it out of the workspace where somebody else keeps it', () => {
    for (const homeWorkspaceId of [undefined, OTHER_WORKSPACE])
      expect(identityActions(ADMIN, { ...USER, homeWorkspaceId })).toEqual([
        'take_out_of_workspace',
        'manage_open_sessions',
      ])
  })

  it('is only for another administrator of the account where it is one itself', () => {
    const isOne = { ...USER, isAccountAdmin: true }
    expect(identityActions(ADMIN, isOne)).not.toContain('change')
    expect(identityActions(ACCOUNT_ADMIN, isOne)).toContain('make_account_administrator')
  })

  it('is not to lock the own door', () => {
    const own = identityActions(ACCOUNT_ADMIN, { ...USER, id: ACCOUNT_ADMIN.identity.id })
    expect(own).toContain('change')
    for (const action of ['delete', 'deactivate', 'take_out_of_workspace']) expect(own).not.toContain(action)
  })

  it('is nothing that changes a group of the system', () => {
    expect(identityActions(ACCOUNT_ADMIN, { ...GROUP, systemGroup: 'users' })).toEqual([
      'manage_open_sessions',
    ])
  })

  it('keeps the order in which actions are declared', () => {
    const all = identityActions(ACCOUNT_ADMIN, USER)
    expect(all).toEqual(IDENTITY_ACTIONS.filter((action) => all.includes(action)))
  })
})

describe('whoever keeps an identity', () => {
  it.each([
    ['this_workspace', USER],
    ['account', { ...USER, homeWorkspaceId: undefined }],
    ['another_workspace', { ...USER, homeWorkspaceId: OTHER_WORKSPACE }],
    ['system', { ...GROUP, systemGroup: 'users' }],
  ] as const)('is %s', (keeper, identity) => {
    expect(identityKeeper(MEMBER, identity)).toBe(keeper)
  })
})
