/** The list of what a caller may do, and the table of docs/permissions.md, say the same: both ask what the routes ask. */
import { describe, expect, it } from 'vitest'
import {
  instanceLevel,
  instanceRights,
  workspaceRights,
  type InstanceRight,
} from '../../src/policy/rights.ts'
import { MEMBER, OTHER_WORKSPACE } from './facts.ts'
import { DEEDS, EVERYBODY } from './who-may.ts'

/** Rows of the table, by how they begin, and the rights that they are about. */
const ROWS: readonly (readonly [deed: RegExp, rights: readonly InstanceRight[]])[] = [
  [/^see the roles and the permissions/, ['see_roles', 'see_permissions']],
  [/^see how the instance is used over time/, ['see_metrics']],
  [/^create one’s own role, without attributes/, ['create_own_role']],
  [/^create the role of somebody else/, ['create_role']],
  [
    /^change and drop roles; set permissions; stop, resize, delete/,
    ['change_role', 'drop_role', 'change_permissions', 'update', 'start_or_stop', 'delete'],
  ],
  [/^register catalogs/, ['manage_catalogs']],
  [/^check what one may do oneself/, ['check_own_login']],
  [/^check how the login of somebody else/, ['check_any_login', 'see_sessions', 'end_sessions']],
]

describe.each(EVERYBODY.map((one) => [one.title, one] as const))('%s', (_title, one) => {
  it.each(ROWS)('is told what the row %s says', (deed, rights) => {
    const [, decide] = DEEDS.find(([text]) => deed.test(text)) ?? []
    if (decide === undefined) throw new Error('the table has no such row')
    const told = instanceRights({ ...one, hasRole: false })
    for (const right of rights) expect(told.includes(right), right).toBe(decide(one) === 'permitted')
  })

  it.each([true, false])('is told that it may mint as the table says, having a role: %s', (hasRole) => {
    const row = hasRole ? /^mint a credential with a role/ : /^mint a credential without/
    const decide = DEEDS.find(([text]) => row.test(text))?.[1]
    const told = instanceRights({ ...one, hasRole })
    expect(told.includes('mint_credential')).toBe(decide?.(one) === 'permitted')
  })

  it('is told nothing on an instance of another workspace but to see it, which its route does not show', () => {
    const instance = { ...one.instance, workspaceId: OTHER_WORKSPACE }
    expect(instanceRights({ ...one, instance, hasRole: false })).toEqual(['see'])
    expect(instanceLevel({ ...one, instance, hasRole: false })).toBe('NONE')
  })
})

describe('rights', () => {
  it('without any scope are none', () => {
    const caller = { ...MEMBER, scopes: ['openid'], isWorkspaceAdmin: true, isAccountAdmin: true }
    const [one] = EVERYBODY
    if (one === undefined) throw new Error('there is nobody')
    expect(instanceRights({ ...one, caller, hasRole: true })).toEqual([])
    expect(workspaceRights({ caller, localInstances: 'allow', attachingCallers: 'account-admins' })).toEqual(
      [],
    )
  })

  it('to attach clusters follow the setting', () => {
    const rights = (isAccountAdmin: boolean, attachingCallers: 'account-admins' | 'nobody') =>
      workspaceRights({ caller: { ...MEMBER, isAccountAdmin }, localInstances: 'allow', attachingCallers })
    expect(rights(true, 'account-admins')).toContain('attach_instance')
    expect(rights(true, 'nobody')).not.toContain('attach_instance')
    expect(rights(false, 'account-admins')).not.toContain('attach_instance')
  })

  it('to create instances, but not to attach clusters, end where Lakegate makes none of its own', () => {
    const rights = (localInstances: 'allow' | 'refuse') =>
      workspaceRights({
        caller: { ...MEMBER, isAccountAdmin: true },
        localInstances,
        attachingCallers: 'account-admins',
      })
    expect(rights('allow')).toEqual(expect.arrayContaining(['create_instance', 'attach_instance']))
    expect(rights('refuse')).toContain('attach_instance')
    expect(rights('refuse')).not.toContain('create_instance')
  })

  it('do not say that who cannot be known to have a role may mint', () => {
    const [member] = EVERYBODY
    if (member === undefined) throw new Error('there is nobody')
    expect(instanceRights({ ...member, hasRole: 'unknown' })).not.toContain('mint_credential')
  })
})
