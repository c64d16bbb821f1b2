/** RFC 7644 §3.5.2: a PATCH is read before the directory is asked, and applied to what is there. */
import { describe, expect, it } from 'vitest'
import { applyPatch, patchBody, readPatch } from '../../../src/http/scim/patch.ts'
import { RefusedError } from '../../../src/operations/refused-error.ts'

const ADA = { name: 'ada@example.com', isAccountAdmin: true, roles: [], entitlements: [] }
const USER = { type: 'USER', id: '7' } as const
const GROUP = { type: 'GROUP', id: '8' } as const
const read = (target: typeof USER | typeof GROUP, ...Operations: object[]) =>
  readPatch(patchBody.parse({ Operations }), target)
const problemOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal.parameters['field'] ?? ''
    throw error
  }
  throw new Error('it was accepted')
}

describe('a PATCH', () => {
  it('says the same whatever the identity is like, except for a removed display name', () => {
    const patch = read(
      USER,
      { op: 'remove', path: 'displayName' },
      { op: 'replace', path: 'active', value: 'False' },
    )
    expect(applyPatch(patch, ADA)).toEqual({
      attributes: { displayName: 'ada@example.com', active: false },
      members: undefined,
    })
  })

  it('takes a list of one without a value for an empty one, as Terraform sends it', () => {
    const able = { ...ADA, entitlements: [{ value: 'workspace-access' }] }
    // Undefined where nothing changes.
    const changed = (op: string) =>
      applyPatch(read(USER, { op, path: 'entitlements', value: [{}] }), able).attributes.entitlements ??
      able.entitlements
    expect(changed('replace')).toEqual([])
    expect(changed('add')).toEqual(able.entitlements)
    expect(changed('remove')).toEqual(able.entitlements)
  })

  it('names a user by the new name when it has one', () => {
    const patch = read(
      USER,
      { op: 'remove', path: 'displayName' },
      { op: 'replace', path: 'userName', value: 'grace@example.com' },
    )
    expect(applyPatch(patch, ADA).attributes).toEqual({
      name: 'grace@example.com',
      displayName: 'grace@example.com',
    })
  })

  it('takes the last word about an attribute', () => {
    const patch = read(
      USER,
      { op: 'remove', path: 'displayName' },
      { op: 'add', path: 'displayName', value: 'Grace' },
      { op: 'add', path: 'roles', value: [{ value: 'account_admin' }] },
      { op: 'remove', path: 'roles' },
    )
    expect(applyPatch(patch, ADA).attributes).toEqual({
      displayName: 'Grace',
      isAccountAdmin: false,
    })
  })

  it('that adds no role changes none', () => {
    expect(read(USER, { op: 'add', path: 'roles', value: [] }).attributes).toEqual({})
  })

  it('adds, removes and replaces members in the order of its operations', () => {
    const member = (value: string) => [{ value }]
    expect(
      read(
        GROUP,
        { op: 'add', path: 'members', value: member('1') },
        { op: 'remove', path: 'members[value eq "1"]' },
        { op: 'add', path: 'members', value: member('2') },
      ).members,
    ).toEqual({ replace: undefined, add: ['2'], remove: ['1'] })
    expect(
      read(
        GROUP,
        { op: 'add', path: 'members', value: member('1') },
        { op: 'replace', path: 'members', value: member('2') },
        { op: 'remove', path: 'members', value: member('2') },
      ).members,
    ).toEqual({ replace: [], add: [], remove: ['2'] })
  })

  it('reads the paths that filters are written in, whatever stands in the brackets', () => {
    const removed = (path: string) => read(GROUP, { op: 'remove', path }).members
    expect(removed('members[value eq "1" or (value eq "2" and value eq "2")]')).toEqual({
      ...{ replace: undefined, add: [], remove: ['1', '2'] },
    })
    expect(removed('members[not (value eq "1")]')).toMatchObject({ removeWhere: { kind: 'not' } })
    expect(removed('MEMBERS[ VALUE EQ "1" ].value')).toMatchObject({ remove: ['1'] })
  })

  it('puts one member in the place of another', () => {
    expect(
      read(GROUP, { op: 'replace', path: 'members[value eq "1"]', value: { value: '2' } }).members,
    ).toEqual({
      ...{ replace: undefined, add: ['2'], remove: ['1'] },
    })
  })

  it('keeps the order of its operations for members that it describes, or says that it cannot', () => {
    const described = { op: 'remove', path: 'members[type eq "User"]' }
    const added = { op: 'add', path: 'members', value: [{ value: '2' }] }
    expect(read(GROUP, described, added).members).toMatchObject({
      add: ['2'],
      removeWhere: { kind: 'compare' },
    })
    expect(problemOf(() => read(GROUP, added, described))).toBe('Operations.1')
  })

  it.each([
    ['false', false],
    [[{ value: 'false' }], false],
    [{ value: true }, true],
    [['True'], true],
  ])('takes %j for active', (value, active) => {
    expect(read(USER, { op: 'replace', path: 'active', value }).attributes).toEqual({ active })
  })

  it.each([[[]], [[true, false]], [{}], ['yes'], [0]])('does not take %j for active', (value) => {
    expect(problemOf(() => read(USER, { op: 'replace', path: 'active', value }))).toBe('Operations.0')
  })

  it('ignores a password in every form', () => {
    for (const value of ['Placeholder-1', null, undefined, { value: 'x' }])
      expect(read(USER, { op: 'add', path: 'password', value }, { op: 'remove', path: 'password' })).toEqual(
        read(USER, { op: 'replace', value: {} }),
      )
  })

  it('reads a key of any length once: more would take minutes here', () => {
    const key = `urn:${':a['.repeat(200_000)}\n`
    expect(read(USER, { op: 'add', value: { [key]: 1 } }).attributes).toEqual({})
  })

  it('finds the schema in front of a condition that has a colon in it', () => {
    const path = 'urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq "1:2"]'
    expect(problemOf(() => read(GROUP, { op: 'remove', path }))).toBe('Operations.0')
  })

  it('may say which identity it is about, and not another one', () => {
    expect(read(USER, { op: 'replace', value: { id: '7' } }).attributes).toEqual({})
    expect(problemOf(() => read(USER, { op: 'replace', value: { id: '9' } }))).toBe('Operations.0.value.id')
  })

  it.each([
    ['a group is deactivated', GROUP, { op: 'replace', path: 'active', value: false }],
    ['a user has members', USER, { op: 'add', path: 'members', value: [{ value: '1' }] }],
    ['a group loses its name', GROUP, { op: 'remove', path: 'displayName' }],
    ['a member is no id', GROUP, { op: 'add', path: 'members', value: [{ value: 'x' }] }],
    ['a bracket is not closed', USER, { op: 'remove', path: 'emails[type eq "work"' }],
    ['a path has something behind it', USER, { op: 'remove', path: 'emails[type eq "work"].value x' }],
    ['a path is a filter', GROUP, { op: 'remove', path: 'members.value eq "1"' }],
    ['a condition stands where there is no list', USER, { op: 'remove', path: 'displayName[value eq "x"]' }],
    ['a condition has an unknown attribute', GROUP, { op: 'remove', path: 'members[colour eq "1"]' }],
    ['a group administers the account', GROUP, { op: 'add', path: 'roles', value: 'Account_Admin' }],
    ['an attribute is not known', USER, { op: 'add', path: 'homeWorkspaceId', value: '1' }],
  ])('is refused by the number of its operation when %s', (_what, target, operation) => {
    expect(problemOf(() => read(target, { op: 'replace', value: {} }, operation))).toBe('Operations.1')
  })
})
