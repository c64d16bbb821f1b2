/** Attack 40: the clock jumps. Idleness and age are measured by a clock that does not; expiry by the one that does. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DatabaseInstance } from '../../../src/domain/database-instance.ts'
import type { IdentityId, InstanceUid, WorkspaceId, RoleOid } from '../../../src/domain/ids.ts'
import { createOpenSessions } from '../../../src/gateway/sessions/open-sessions.ts'
import type { SessionEnd } from '../../../src/gateway/sessions/session-link.ts'
import type { Admission } from '../../../src/operations/login/admission.ts'
import type { AuditEntry } from '../../../src/operations/ports/audit.ts'
import { NO_SETTINGS } from '../../../src/policy/instance-settings.ts'

const HOUR_MS = 60 * 60 * 1000
const TOKEN_EXPIRES = new Date('2026-01-01T01:00:00Z')

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const instance = {
  uid: '6b1f9c52-3a0e-4a8e-9d27-0f2f4c1f7a11' as InstanceUid,
  workspaceId: '1' as WorkspaceId,
  name: 'sales',
  state: 'AVAILABLE',
  backend: { kind: 'embedded', socketDirectory: undefined },
  settings: NO_SETTINGS,
} as DatabaseInstance

const attachedInstance = {
  ...instance,
  backend: { kind: 'attached', bindings: 'system_database' },
} as DatabaseInstance

/** A gateway with one open session of three days and one day of idleness, whose bytes the test counts. */
function world(
  of = instance,
  backend: { readonly processId: number | undefined; readonly isWorking?: boolean } = { processId: 42 },
  terminateBackend: () => Promise<boolean> = () => Promise.resolve(true),
) {
  let now = new Date('2026-01-01T00:00:00Z')
  let uptimeMs = 0
  let bytes = 0
  const records: AuditEntry[] = []
  const rechecked: DatabaseInstance[] = []
  let endOfWork: (end: SessionEnd | undefined) => void = () => undefined
  const sessions = createOpenSessions(
    {
      clock: () => now,
      uptimeMs: () => uptimeMs,
      newId: () => 'the session',
      termination: { terminateBackend },
      recheck: (session) => {
        rechecked.push(session.instance)
        return Promise.resolve(undefined)
      },
      audit: { record: (entry) => void records.push(entry) },
      log: { warn: () => undefined },
      onEnded: () => undefined,
      onChanged: () => undefined,
    },
    { idleMs: 24 * HOUR_MS, lifetimeMs: 72 * HOUR_MS },
  )
  const admission: Admission = {
    instance: of,
    roleName: 'ada',
    roleOid: '16385' as RoleOid,
    sessionTicket: '',
    behind: { id: '7' as IdentityId, type: 'USER', name: 'ada', path: [] },
    token: {
      kind: 'workspace_token',
      tokenId: 't',
      identityId: '7' as IdentityId,
      workspaceId: instance.workspaceId,
      scopes: ['postgres'],
      instances: 'all_of_workspace',
      expiresAt: TOKEN_EXPIRES,
      claimSetId: undefined,
    },
    claimedTables: [],
  }
  sessions.start()
  const open = () =>
    void sessions.during(
      admission,
      { database: 'd', clientAddress: '127.0.0.1' },
      {
        bytesFromClient: () => bytes,
        bytesToClient: () => 0,
        backendProcessId: () => backend.processId,
        isWorking: () => backend.isWorking,
        cut: () => undefined,
      },
      () =>
        new Promise((resolve) => {
          endOfWork = resolve
        }),
    )
  open()
  return {
    sessions,
    open,
    rechecked,
    ended: () => records.map(({ reason }) => reason),
    async endBy(end: SessionEnd | undefined) {
      endOfWork(end)
      await vi.advanceTimersByTimeAsync(0)
    },
    jumpClock: (ms: number) => void (now = new Date(now.getTime() + ms)),
    work: () => void (bytes += 1),
    async pass(ms: number) {
      uptimeMs += ms
      now = new Date(now.getTime() + ms)
      await vi.advanceTimersByTimeAsync(1_000)
    },
  }
}

describe('open sessions', () => {
  it.each([-2, 2, 100])('survive a clock that jumps by %i hours', async (hours) => {
    const { ended, jumpClock, pass } = world()
    jumpClock(hours * HOUR_MS)
    await pass(1_000)
    expect(ended()).toEqual([])
  })

  it('end after a day without a byte, and not before', async () => {
    const { ended, pass, work } = world()
    await pass(23 * HOUR_MS)
    work()
    await pass(23 * HOUR_MS)
    expect(ended()).toEqual([])
    await pass(23 * HOUR_MS)
    await pass(2 * HOUR_MS)
    expect(ended()).toEqual(['session_idle'])
  })

  it('end after three days, however busy', async () => {
    const { ended, pass, work } = world()
    for (let hour = 0; hour < 72; hour += 1) {
      work()
      await pass(HOUR_MS)
    }
    expect(ended()).toEqual(['session_too_old'])
  })

  it('outlive their token, unless their instance wants otherwise; then its clock decides', async () => {
    const { sessions, ended, jumpClock, pass } = world()
    jumpClock(2 * HOUR_MS)
    await pass(1_000)
    expect(ended()).toEqual([])
    const sessionPolicy = { endOnTokenExpiry: true, endOnMembershipLoss: false }
    await sessions.learnInstances(() =>
      Promise.resolve([{ ...instance, settings: { ...NO_SETTINGS, sessionPolicy } }]),
    )
    await pass(1_000)
    expect(ended()).toEqual(['token_expired'])
  })

  it('on an attached instance end when it is stopped, also those whose login was under way meanwhile', async () => {
    const stopped = { ...attachedInstance, settings: { ...NO_SETTINGS, stopped: true } }
    const { sessions, ended, pass } = world(attachedInstance)
    await sessions.learnInstances(() => Promise.resolve([attachedInstance]))
    await pass(1_000)
    expect(ended()).toEqual([])
    await sessions.learnInstances(() => Promise.resolve([stopped]))
    await pass(1_000)
    expect(ended()).toEqual(['instance_stopped'])
  })

  it('on an attached instance end when it is deleted', async () => {
    const { sessions, ended, pass } = world(attachedInstance)
    await sessions.learnInstances(() => Promise.resolve([attachedInstance]))
    await sessions.learnInstances(() => Promise.resolve([]))
    await pass(1_000)
    expect(ended()).toEqual(['instance_deleted'])
  })

  it.each([
    ['embedded', instance],
    ['attached', attachedInstance],
  ])('without a backend on an %s instance end once with it, however often it is told', async (_kind, of) => {
    const { sessions, ended, pass } = world(of, { processId: undefined })
    await sessions.learnInstances(() => Promise.resolve([of]))
    await pass(1_000)
    const stopped = { ...of, settings: { ...NO_SETTINGS, stopped: true } }
    await sessions.learnInstances(() => Promise.resolve([stopped]))
    await sessions.learnInstances(() => Promise.resolve([{ ...stopped, state: 'STOPPED' }]))
    await pass(1_000)
    expect(ended()).toHaveLength(1)
  })

  it('without a backend end with their instance also when they were too busy to end for idleness before', async () => {
    const { sessions, ended, pass } = world(instance, { processId: undefined, isWorking: true })
    await sessions.learnInstances(() => Promise.resolve([instance]))
    await pass(25 * HOUR_MS)
    expect(ended()).toEqual([])
    await sessions.learnInstances(() => Promise.resolve([]))
    await pass(1_000)
    expect(ended()).toHaveLength(1)
  })

  it('that PostgreSQL ended are recorded with its SQLSTATE; those that their clients ended are not', async () => {
    const [byPostgresql, byClient] = [world(), world()]
    await byPostgresql.endBy({ reason: 'backend_ended', sqlstate: '57P05' })
    await byClient.endBy(undefined)
    expect(byPostgresql.ended()).toEqual(['backend_ended'])
    expect(byClient.ended()).toEqual([])
  })

  it.each([
    [true, ['session_too_old']],
    [false, ['backend_ended']],
  ])(
    'that end while PostgreSQL is asked to end them are recorded once (it did: %s)',
    async (didEnd, reasons) => {
      let answer: (didEnd: boolean) => void = () => undefined
      const asked = new Promise<boolean>((resolve) => {
        answer = resolve
      })
      const { ended, endBy, pass } = world(instance, { processId: 42 }, () => asked)
      await pass(didEnd ? 72 * HOUR_MS : 25 * HOUR_MS)
      await endBy({ reason: 'backend_ended', sqlstate: '57P01' })
      expect(ended()).toEqual([])
      answer(didEnd)
      await vi.advanceTimersByTimeAsync(0)
      expect(ended()).toEqual(reasons)
    },
  )

  it('are judged again by their instance as it is now, wherever its cluster has moved since the login', async () => {
    const sessionPolicy = { endOnTokenExpiry: false, endOnMembershipLoss: true }
    const moved: DatabaseInstance = {
      ...attachedInstance,
      settings: { ...NO_SETTINGS, sessionPolicy },
      backend: {
        kind: 'attached',
        cluster: { hosts: [{ host: 'new', port: 5432 }] },
        bindings: 'system_database',
      },
    } as unknown as DatabaseInstance
    const { sessions, rechecked, pass } = world(attachedInstance)
    await sessions.learnInstances(() => Promise.resolve([moved]))
    await pass(2_000)
    expect(rechecked).toEqual([moved])
  })

  it('on a deleted instance end also when their login was under way for as long as one may be', async () => {
    const { sessions, ended, endBy, open, pass } = world(attachedInstance)
    await sessions.learnInstances(() => Promise.resolve([attachedInstance]))
    await endBy(undefined)
    await sessions.learnInstances(() => Promise.resolve([]))
    await pass(299_000)
    await sessions.learnInstances(() => Promise.resolve([]))
    open()
    await pass(1_000)
    expect(ended()).toEqual(['instance_deleted'])
  })

  it('are all that deleted instances are remembered for, once no login can be under way', async () => {
    const { sessions, ended, endBy, open, pass } = world(attachedInstance)
    await sessions.learnInstances(() => Promise.resolve([attachedInstance]))
    await endBy(undefined)
    await sessions.learnInstances(() => Promise.resolve([]))
    await pass(301_000)
    await sessions.learnInstances(() => Promise.resolve([]))
    open()
    await pass(1_000)
    expect(ended()).toEqual([])
  })

  it('on an instance that is not known yet live', async () => {
    const { sessions, ended, pass } = world(attachedInstance)
    await sessions.learnInstances(() => Promise.resolve([]))
    await pass(1_000)
    expect(ended()).toEqual([])
  })
})
