/** Who reaches which home, and how much lies in one. */
import { describe, expect, it } from 'vitest'
import type { IdentityId } from '../../src/domain/ids.ts'
import type { Caller } from '../../src/policy/permissions.ts'
import type { Refusal } from '../../src/policy/refusals.ts'
import {
  decideChangeHome,
  decideDirectoryGrant,
  decideFileSize,
  decideHomeUsage,
  decideReadHome,
} from '../../src/policy/workspace-files.ts'
import { ALICE, ALICE_ID, BOB_ID, MEMBER } from './facts.ts'

const ADMIN: Caller = { ...MEMBER, isWorkspaceAdmin: true }
const ACCOUNT_ADMIN: Caller = { ...MEMBER, isAccountAdmin: true }
const PATH = '/Workspace/Users/bob@example.com/x'
const MEBIBYTE = 1024 * 1024

const nameOf = (verdict: 'permitted' | Refusal) => (verdict === 'permitted' ? verdict : verdict.name)

describe('a home', () => {
  const rows: readonly (readonly [string, Caller, IdentityId | undefined, string, string])[] = [
    ['is its owner’s', MEMBER, ALICE_ID, 'permitted', 'permitted'],
    ['is not seen by another member', MEMBER, BOB_ID, 'workspace_path_not_found', 'permission_denied'],
    ['of nobody looks the same', MEMBER, undefined, 'workspace_path_not_found', 'permission_denied'],
    ['is reached by an administrator of the workspace', ADMIN, BOB_ID, 'permitted', 'permitted'],
    [
      'of nobody is told from others by these',
      ADMIN,
      undefined,
      'workspace_path_not_found',
      'workspace_path_not_found',
    ],
    [
      'is closed to an administrator of the account',
      ACCOUNT_ADMIN,
      BOB_ID,
      'workspace_path_not_found',
      'permission_denied',
    ],
  ]
  it.each(rows)('%s', (_what, caller, ownerId, reading, changing) => {
    expect(nameOf(decideReadHome(caller, ownerId, PATH))).toBe(reading)
    expect(nameOf(decideChangeHome(caller, ownerId, PATH))).toBe(changing)
  })

  it('is refused in the same words whether somebody has it or not', () => {
    expect(decideReadHome(MEMBER, BOB_ID, PATH)).toEqual(decideReadHome(MEMBER, undefined, PATH))
    expect(decideChangeHome(MEMBER, BOB_ID, PATH)).toEqual(decideChangeHome(MEMBER, undefined, PATH))
  })

  it.each([
    [{ objects: 10_000, bytes: 100 * MEBIBYTE }, 'permitted'],
    [{ objects: 10_001, bytes: 0 }, 'quota_exceeded'],
    [{ objects: 1, bytes: 100 * MEBIBYTE + 1 }, 'quota_exceeded'],
  ])('holds ten thousand objects and 100 MiB: %o', (usage, expected) => {
    expect(nameOf(decideHomeUsage(usage))).toBe(expected)
  })
})

it.each([
  [10 * MEBIBYTE, 'permitted'],
  [10 * MEBIBYTE + 1, 'workspace_file_too_large'],
])('a file of %d bytes: %s', (bytes, expected) => {
  expect(nameOf(decideFileSize(bytes, PATH))).toBe(expected)
})

it.each([
  ['its owner', 'USER', 'alice@example.com', 'permitted'],
  ['the administrators', 'GROUP', 'admins', 'permitted'],
  ['another user', 'USER', 'bob@example.com', 'invalid_parameter'],
  ['a service principal of the owner’s name', 'SERVICE_PRINCIPAL', 'alice@example.com', 'invalid_parameter'],
  ['everybody', 'GROUP', 'users', 'invalid_parameter'],
] as const)('a directory is for %s: %s %s %s', (_who, type, name, expected) => {
  expect(nameOf(decideDirectoryGrant(ALICE, { type, name, level: 'CAN_MANAGE' }, 0))).toBe(expected)
})
