import { describe, expect, it } from 'vitest'
import type { LiveHint } from '../../src/domain/live-hint.ts'
import { createHintListener, mayHear } from '../../src/policy/live-hints.ts'
import type { Caller, InstancePermissionLevel } from '../../src/policy/permissions.ts'
import * as facts from './facts.ts'
import { ALICE_ID, INSTANCE_UID, MEMBER, OTHER_WORKSPACE, WORKSPACE } from './facts.ts'

const FOREIGN_INSTANCE = { ...facts.FOREIGN_INSTANCE, uid: INSTANCE_UID }

const hears = (hint: LiveHint, caller: Partial<Caller> = {}, level?: InstancePermissionLevel): boolean =>
  mayHear(
    createHintListener(
      { ...MEMBER, ...caller },
      new Map(level === undefined ? [] : [[FOREIGN_INSTANCE.uid, level]]),
    ),
    hint,
  )

const INSTANCE: LiveHint = { kind: 'instance', instance: FOREIGN_INSTANCE }
const SESSIONS: LiveHint = { kind: 'sessions', instance: FOREIGN_INSTANCE }
const elsewhere = <Hint extends LiveHint>(hint: Hint): Hint =>
  'instance' in hint
    ? { ...hint, instance: { ...hint.instance, workspaceId: OTHER_WORKSPACE } }
    : { ...hint, workspaceId: OTHER_WORKSPACE }

describe('a hint', () => {
  it('of an instance is for every member of its workspace', () => {
    expect(hears(INSTANCE)).toBe(true)
  })

  it('of sessions is for who manages the instance', () => {
    expect(hears(SESSIONS)).toBe(false)
    expect(hears(SESSIONS, {}, 'CAN_USE')).toBe(false)
    expect(hears(SESSIONS, {}, 'CAN_MANAGE')).toBe(true)
    expect(hears(SESSIONS, { isWorkspaceAdmin: true })).toBe(true)
    expect(hears({ kind: 'sessions', instance: { ...FOREIGN_INSTANCE, creatorId: ALICE_ID } })).toBe(true)
  })

  it('of the audit is for administrators of its workspace, and of the account', () => {
    const audit: LiveHint = { kind: 'audit', workspaceId: WORKSPACE }
    expect(hears(audit)).toBe(false)
    expect(hears(audit, { isWorkspaceAdmin: true })).toBe(true)
    expect(hears(audit, { isAccountAdmin: true })).toBe(true)
    const ofAccount: LiveHint = { kind: 'audit', workspaceId: undefined }
    expect(hears(ofAccount, { isWorkspaceAdmin: true })).toBe(false)
    expect(hears(ofAccount, { isAccountAdmin: true })).toBe(true)
  })

  it('of another workspace is for nobody in this one', () => {
    for (const hint of [INSTANCE, SESSIONS]) {
      expect(hears(elsewhere(hint), { isWorkspaceAdmin: true, isAccountAdmin: true }, 'CAN_MANAGE')).toBe(
        false,
      )
    }
    expect(hears({ kind: 'audit', workspaceId: OTHER_WORKSPACE }, { isWorkspaceAdmin: true })).toBe(false)
  })
})
