/** What processes tell the control planes by notices: reports of any size, and hints while somebody watches. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomUUID } from 'node:crypto'
import type { ActivityReport, InstanceActivity } from '../../src/domain/instance-activity.ts'
import { LOGIN_TIME_BUCKETS } from '../../src/domain/login-times.ts'
import type { InstanceUid, WorkspaceId } from '../../src/domain/ids.ts'
import { REFUSALS } from '../../src/policy/refusal-table.ts'
import { createActivitySender, parseActivityReport } from '../../src/store/activity-notices.ts'
import { createControlPlaneNotices } from '../../src/store/control-plane-notices.ts'
import { createHintSender, createWatchSender, parseHints, type SentHint } from '../../src/store/live-hints.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'
import { waitFor } from '../stage/wait-for.ts'

let system: TestSystemDatabase
let notices: ReturnType<typeof createControlPlaneNotices>
const reports: ActivityReport[] = []
let hints: SentHint[][] = []
let watched = 0

beforeAll(async () => {
  system = await startTestSystemDatabase()
  notices = createControlPlaneNotices(
    system.address,
    { onLost: () => undefined, confirmMasterKey: () => undefined },
    {
      onInstanceChange: () => undefined,
      onReport: (report) => void reports.push(report),
      onHints: (heard) => void hints.push([...heard]),
      onWatched: () => (watched += 1),
      onMissed: () => undefined,
    },
  )
  await notices.start()
})
afterAll(async () => {
  await notices.stop()
  await system.stop()
})

const uid = () => randomUUID() as InstanceUid

/** Everything that can be told of one instance, in its longest form. */
const fullActivity = (): InstanceActivity => ({
  instanceUid: uid(),
  now: { openSessions: 9999, pooledSessions: 9999, pooledBackendsInUse: 999, pooledClientsWaiting: 9999 },
  loginsAdmitted: 99_999,
  loginsRefused: new Map(Object.keys(REFUSALS).map((name) => [name, 99_999])),
  loginTimes: new Map(Array.from({ length: LOGIN_TIME_BUCKETS }, (_, bucket) => [bucket, 99_999])),
  bytesFromClient: 1e14,
  bytesToClient: 1e14,
})

describe('reports of gateways', () => {
  it('arrive whole, however much there is to tell', async () => {
    const instances = Array.from({ length: 40 }, fullActivity)
    const report = { gatewayId: randomUUID(), slot: 178_000_000, instances }
    await createActivitySender(system.database).send(report)
    const heard = await waitFor('all instances', () => {
      const of = reports.filter(({ gatewayId }) => gatewayId === report.gatewayId)
      return of.flatMap((one) => one.instances).length === 80 ? of : undefined
    })
    const parts = heard.flatMap((one) => one.instances)
    for (const instance of instances) {
      const [counted, refused] = parts.filter(({ instanceUid }) => instanceUid === instance.instanceUid)
      expect({ ...counted, loginsRefused: refused?.loginsRefused }).toEqual(instance)
      expect(refused).toMatchObject({ now: instance.now, loginsAdmitted: 0, loginTimes: new Map() })
    }
    expect(heard.every(({ slot }) => slot === report.slot)).toBe(true)
  })

  it('say that a gateway is there that does nothing', async () => {
    const report = { gatewayId: randomUUID(), slot: 1, instances: [] }
    await createActivitySender(system.database).send(report)
    await waitFor('it', () => reports.some(({ gatewayId }) => gatewayId === report.gatewayId))
  })

  it.each(['', 'no JSON', '[]', '{}', '[{"gateway":"x","slot":1}]', '[{"gateway":1}]', '[[]]'])(
    'that are of no shape that is known are none: %s',
    (payload) => {
      expect(parseActivityReport(payload)).toBeUndefined()
      expect(parseHints(payload)).toEqual([])
    },
  )
})

describe('hints', () => {
  const sender = (uptimeMs = () => 0) =>
    createHintSender(system.database, { uptimeMs, onFailure: () => undefined })

  it('are not sent while nobody watches, and once a minute has passed since somebody did', async () => {
    let uptime = 0
    const quiet = sender(() => uptime)
    hints = []
    quiet.sessionsChanged(uid())
    quiet.watched()
    uptime = 60_001
    quiet.sessionsChanged(uid())
    quiet.auditWritten([undefined])
    const mark = uid()
    const other = sender()
    other.watched()
    other.sessionsChanged(mark)
    await waitFor('what is sent', () => hints.length > 0)
    expect(hints).toEqual([[{ kind: 'sessions', instanceUid: mark }]])
    quiet.stop()
    other.stop()
  })

  it('are sent at once, and then together, each once, however many logins there are', async () => {
    const busy = sender()
    const [first, second] = [uid(), uid()]
    busy.watched()
    hints = []
    busy.sessionsChanged(first)
    for (let count = 0; count < 10_000; count += 1) {
      busy.sessionsChanged(first)
      busy.sessionsChanged(second)
      busy.auditWritten(['1' as WorkspaceId, undefined])
    }
    await waitFor('the second notice', () => hints.length > 1)
    expect(hints).toEqual([
      [{ kind: 'sessions', instanceUid: first }],
      [
        { kind: 'sessions', instanceUid: first },
        { kind: 'sessions', instanceUid: second },
        { kind: 'audit', workspaceId: '1' },
        { kind: 'audit', workspaceId: undefined },
      ],
    ])
    busy.stop()
  })

  it('are sent for more instances than fit into one notice', async () => {
    const busy = sender()
    busy.watched()
    hints = []
    busy.sessionsChanged(uid())
    for (let count = 0; count < 500; count += 1) busy.sessionsChanged(uid())
    await waitFor('all of them', () => hints.flat().length === 501)
    busy.stop()
  })

  it('are asked for by every control plane that has somebody who watches', async () => {
    const before = watched
    await createWatchSender(system.database)()
    await waitFor('the question', () => watched > before)
  })
})
