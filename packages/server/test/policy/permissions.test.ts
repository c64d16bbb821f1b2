/** What a caller of the REST API may do, line by line (behaviours 53, 58–60). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideManageInstance,
  decideManageAccount,
  decideManageIdentity,
  decideManageWorkspace,
  decideTakeAwayAccess,
  decideScope,
  instancePermission,
  type Caller,
  type InstancePermissionLevel,
} from '../../src/policy/permissions.ts'
import { toHttpRefusal, type Refusal } from '../../src/policy/refusals.ts'
import { ALICE_ID, FOREIGN_INSTANCE, MEMBER, OTHER_WORKSPACE } from './facts.ts'

const ADMIN: Caller = { ...MEMBER, isWorkspaceAdmin: true }
const OWN_INSTANCE = { ...FOREIGN_INSTANCE, creatorId: ALICE_ID }
const ELSEWHERE = { ...OWN_INSTANCE, workspaceId: OTHER_WORKSPACE }

const nameOf = (verdict: 'permitted' | Refusal) => (verdict === 'permitted' ? verdict : verdict.name)

describe('the permission on an instance', () => {
  const rows: readonly (readonly [
    string,
    Caller,
    typeof FOREIGN_INSTANCE,
    InstancePermissionLevel | undefined,
    InstancePermissionLevel | undefined,
  ])[] = [
    ['is CAN_MANAGE for its creator (behaviour 54)', MEMBER, OWN_INSTANCE, undefined, 'CAN_MANAGE'],
    ['is CAN_MANAGE for its creator whatever was granted', MEMBER, OWN_INSTANCE, 'CAN_USE', 'CAN_MANAGE'],
    ['is CAN_MANAGE for an administrator of the workspace', ADMIN, FOREIGN_INSTANCE, undefined, 'CAN_MANAGE'],
    ['cannot be lowered for an administrator', ADMIN, FOREIGN_INSTANCE, 'CAN_USE', 'CAN_MANAGE'],
    ['is CAN_MANAGE for whom it was granted to', MEMBER, FOREIGN_INSTANCE, 'CAN_MANAGE', 'CAN_MANAGE'],
    ['is CAN_USE for whom it was granted to', MEMBER, FOREIGN_INSTANCE, 'CAN_USE', 'CAN_USE'],
    ['is none for any other member of the workspace', MEMBER, FOREIGN_INSTANCE, undefined, undefined],
    ['is none from another workspace, even for the creator', MEMBER, ELSEWHERE, undefined, undefined],
    ['is none from another workspace, even for its administrator', ADMIN, ELSEWHERE, 'CAN_MANAGE', undefined],
  ]
  it.each(rows)('%s', (_fact, caller, instance, granted, expected) => {
    expect(instancePermission(caller, instance, granted)).toBe(expected)
    expect(nameOf(decideManageInstance(caller, instance, granted))).toBe(
      expected === 'CAN_MANAGE' ? 'permitted' : 'permission_denied',
    )
  })

  it('is named, with caller and instance, in the refusal to manage (behaviour 53)', () => {
    const verdict = decideManageInstance(MEMBER, FOREIGN_INSTANCE, 'CAN_USE')
    if (verdict === 'permitted') throw new Error('CAN_USE does not manage')
    expect(toHttpRefusal(verdict)).toEqual({
      status: 403,
      errorCode: 'PERMISSION_DENIED',
      message: 'User alice@example.com does not have CAN_MANAGE permission on database instance sales.',
    })
  })

  it('never grows when a fact gets worse', () => {
    const rank = (level: InstancePermissionLevel | undefined) =>
      level === undefined ? 0 : level === 'CAN_USE' ? 1 : 2
    const anyCaller = fc.boolean().map((isWorkspaceAdmin) => ({ ...MEMBER, isWorkspaceAdmin }))
    const anyInstance = fc.constantFrom(OWN_INSTANCE, FOREIGN_INSTANCE, ELSEWHERE)
    const anyGrant = fc.constantFrom(undefined, 'CAN_USE' as const, 'CAN_MANAGE' as const)
    fc.assert(
      fc.property(anyCaller, anyInstance, anyGrant, (caller, instance, granted) => {
        const before = rank(instancePermission(caller, instance, granted))
        for (const after of [
          instancePermission({ ...caller, isWorkspaceAdmin: false }, instance, granted),
          instancePermission(caller, { ...instance, creatorId: FOREIGN_INSTANCE.creatorId }, granted),
          instancePermission(caller, { ...instance, workspaceId: OTHER_WORKSPACE }, granted),
          instancePermission(caller, instance, granted === 'CAN_MANAGE' ? 'CAN_USE' : undefined),
        ]) {
          expect(rank(after)).toBeLessThanOrEqual(before)
        }
      }),
    )
  })
})

describe('managing the directory', () => {
  const ACCOUNT_ADMIN: Caller = { ...MEMBER, isAccountAdmin: true }
  const made = (homeWorkspaceId: Caller['workspaceId'] | undefined, systemGroup?: 'users' | 'admins') => ({
    name: 'someone',
    homeWorkspaceId,
    systemGroup,
    isAccountAdmin: false,
  })
  const HERE = MEMBER.workspaceId

  it.each([
    ['an administrator of the account changes any identity', ACCOUNT_ADMIN, made(undefined), 'permitted'],
    [
      'an administrator of the account changes those of workspaces',
      ACCOUNT_ADMIN,
      made(OTHER_WORKSPACE),
      'permitted',
    ],
    ['an administrator of a workspace changes what the workspace made', ADMIN, made(HERE), 'permitted'],
    ['… not what the account keeps', ADMIN, made(undefined), 'permission_denied'],
    ['… not what another workspace made (attack 35)', ADMIN, made(OTHER_WORKSPACE), 'permission_denied'],
    ['a member changes nobody', MEMBER, made(HERE), 'permission_denied'],
    ['nobody changes a group of the system', ACCOUNT_ADMIN, made(undefined, 'users'), 'permission_denied'],
  ] as const)('%s', (_fact, caller, identity, expected) => {
    expect(nameOf(decideManageIdentity(caller, identity))).toBe(expected)
  })

  it.each([
    ['an administrator of the account', ACCOUNT_ADMIN, OTHER_WORKSPACE, 'permitted'],
    ['an administrator of the workspace', ADMIN, HERE, 'permitted'],
    ['an administrator of another workspace', ADMIN, OTHER_WORKSPACE, 'permission_denied'],
    ['a member', MEMBER, HERE, 'permission_denied'],
  ] as const)('assigning to a workspace: %s', (_who, caller, workspaceId, expected) => {
    expect(nameOf(decideManageWorkspace(caller, workspaceId))).toBe(expected)
  })

  it('keeps administrators of the account from those of workspaces, wherever they were made (attack 35)', () => {
    const administrator = { ...made(HERE), isAccountAdmin: true }
    expect(nameOf(decideManageIdentity(ADMIN, administrator))).toBe('permission_denied')
    expect(decideManageIdentity(ACCOUNT_ADMIN, administrator)).toBe('permitted')
  })

  it('keeps the account to its administrators', () => {
    expect(decideManageAccount(ACCOUNT_ADMIN)).toBe('permitted')
    expect(nameOf(decideManageAccount(ADMIN))).toBe('permission_denied')
  })

  it('lets nobody take away the own access', () => {
    expect(nameOf(decideTakeAwayAccess(ACCOUNT_ADMIN, ALICE_ID))).toBe('permission_denied')
    expect(decideTakeAwayAccess(ACCOUNT_ADMIN, FOREIGN_INSTANCE.creatorId)).toBe('permitted')
  })
})

describe('the scope of an access token', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[], string])[] = [
    ['opens every API when it is all-apis', ['all-apis'], [], 'permitted'],
    ['opens the API that names it', ['postgres'], ['postgres'], 'permitted'],
    ['opens no API that does not name it (behaviour 4)', ['postgres'], [], 'scope_insufficient'],
    ['is compared exactly', ['POSTGRES', 'postgres2', 'all-apis '], ['postgres'], 'scope_insufficient'],
    ['opens nothing when it is empty', [], ['postgres'], 'scope_insufficient'],
    ['suffices when one of several does', ['openid', 'postgres'], ['postgres'], 'permitted'],
  ]
  it.each(rows)('%s', (_fact, scopes, narrower, expected) => {
    expect(nameOf(decideScope({ ...MEMBER, scopes }, narrower))).toBe(expected)
  })

  it('is named in the refusal, so that the caller knows what to ask for', () => {
    const verdict = decideScope({ ...MEMBER, scopes: [] }, ['postgres'])
    if (verdict === 'permitted') throw new Error('no scope permits nothing')
    expect(toHttpRefusal(verdict)).toMatchObject({
      status: 403,
      message: 'The access token lacks the required scope: all-apis or postgres.',
    })
  })
})
