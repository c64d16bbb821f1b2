/** What the forms of an instance send: only what is not at its default, or not as it was. */
import { describe, expect, it } from 'vitest'
import {
  FIRST_VALUES,
  toChangeRequest,
  toCreateRequest,
  withoutPassword,
} from '../src/pages/instance/form/form-values.ts'
import { readHosts, readTags, writeHosts } from '../src/pages/instance/form/lines.ts'

describe('the form of an instance', () => {
  it('creates with the name, the size, and what was changed', () => {
    expect(
      toCreateRequest({ ...FIRST_VALUES, name: 'shop', custom_tags: 'team=sales\n env = prod ' }),
    ).toEqual({
      name: 'shop',
      capacity: 'CU_2',
      custom_tags: [
        { key: 'team', value: 'sales' },
        { key: 'env', value: 'prod' },
      ],
    })
  })

  it('attaches with the cluster and no size, and does not show the password of its administrator', () => {
    const request = toCreateRequest({
      ...FIRST_VALUES,
      kind: 'attach',
      name: 'crm',
      hosts: 'db1.example.com:5433\n[::1]',
      administrator: 'lakegate',
      administrator_password: 'secret',
    })
    expect(request).not.toHaveProperty('capacity')
    expect(request.attached?.hosts).toEqual([{ host: 'db1.example.com', port: 5433 }, { host: '::1' }])
    expect(request.attached?.administration?.password).toBe('secret')
    expect(JSON.stringify(withoutPassword(request))).not.toContain('secret')
  })

  it('changes only what is not as it was', () => {
    const before = { ...FIRST_VALUES, name: 'dev', end_on_membership_loss: true }
    expect(toChangeRequest(before, before)).toEqual({})
    expect(toChangeRequest(before, { ...before, enable_pg_native_login: true })).toEqual({
      enable_pg_native_login: true,
    })
    // Both halves of the policy go together: the server puts what is left out at its default.
    expect(toChangeRequest(before, { ...before, end_on_token_expiry: true })).toEqual({
      session_policy: { end_on_token_expiry: true, end_on_membership_loss: true },
    })
  })

  it('names the line that is no tag or no host', () => {
    expect(readTags('team=sales\nnonsense').wrong).toBe('nonsense')
    expect(readHosts('db1:port').wrong).toBe('db1:port')
    expect(readHosts('').read).toEqual([])
  })

  it('writes hosts as it reads them', () => {
    const text = 'db1.example.com:5433\n[::1]:5432\ndb2'
    expect(writeHosts(readHosts(text).read)).toBe(text)
  })
})
