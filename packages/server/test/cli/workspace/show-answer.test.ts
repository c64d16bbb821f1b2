/** What of an answer people read. */
import { describe, expect, it } from 'vitest'
import { createOutput } from '../../../src/cli/output/output.ts'
import type { Answer } from '../../../src/cli/workspace/operation.ts'
import { showItem, showList } from '../../../src/cli/workspace/show-answer.ts'

function shown(show: (output: ReturnType<typeof createOutput>) => void, quiet = false): string {
  let written = ''
  const stdout = {
    write: (text: string) => {
      written += text
    },
  }
  show(createOutput({ output: 'text', quiet }, { environment: {}, stdout, stderr: stdout }))
  return written
}

const LIST: Extract<Answer, { kind: 'list' }> = {
  kind: 'list',
  paging: { by: 'startIndex' },
  columns: [
    { title: 'ID', field: 'id' },
    { title: 'Groups', field: 'groups', show: 'displays' },
    { title: 'Status', field: 'active', show: 'activity' },
    { title: 'Issuer', field: 'oidc_policy.issuer' },
    { title: 'Expires', field: 'expiry', show: 'milliseconds' },
  ],
  quiet: 'id',
}

describe('a list', () => {
  it('shows fields, fields of fields, groups by their names, and times', () => {
    const rows = [
      {
        id: '1',
        groups: [{ display: 'users' }, { display: 'admins' }],
        active: true,
        oidc_policy: { issuer: 'https://i' },
        expiry: 0,
      },
      { id: 2, active: false, expiry: -1 },
    ]
    expect(
      shown((output) => {
        showList(rows, LIST, output)
      }),
    ).toBe(
      [
        'ID  Groups        Status    Issuer     Expires',
        '1   users admins  ACTIVE    https://i  1970-01-01T00:00:00.000Z',
        '2   -             DISABLED  -          never',
        '',
      ].join('\n'),
    )
  })
})

describe('one thing', () => {
  const item = {
    schemas: ['urn:x'],
    id: '1',
    groups: [
      { value: '7', display: 'users' },
      { value: '8', display: 'admins' },
    ],
    roles: [{ value: 'account_admin' }],
    count: 0,
    on: false,
    name: {},
    none: [],
    policy: { end: true },
  }

  it('is its fields, with names in the place of references, and JSON for what is deeper', () => {
    expect(
      shown((output) => {
        showItem(item, { kind: 'item', quiet: 'id' }, output)
      }),
    ).toBe(
      [
        'id      1',
        'groups  users, admins',
        'roles   account_admin',
        'count   0',
        'on      false',
        'policy  {"end":true}',
        '',
      ].join('\n'),
    )
  })

  it('is with --quiet what names it, a line for each', () => {
    expect(
      shown((output) => {
        showItem(item, { kind: 'item', quiet: 'groups.display' }, output)
      }, true),
    ).toBe('users\nadmins\n')
  })
})
