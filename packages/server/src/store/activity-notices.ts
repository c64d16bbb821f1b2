/**
 * Reports of gateway activity, sent by each gateway process to every control plane as notices: one or a few every ten
 * seconds, with nothing to clean up. A control plane that was not running, or had lost its connection, misses them.
 */
import { sql } from 'kysely'
import { z } from 'zod'
import type { ActivityReport, InstanceActivity } from '../domain/instance-activity.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { ActivitySender } from '../operations/ports/activity.ts'
import { gatherPayloads } from './notice-payload.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

/** Only Lakegate writes these; a notice of another shape comes from another version and is ignored. */
const count = z.number().int().nonnegative()
const activityShape = z.object({
  uid: z.uuid(),
  /** Open sessions, pooled sessions, backends in use, waiting clients. */
  now: z.tuple([count, count, count, count]),
  admitted: count,
  refused: z.array(z.tuple([z.string().max(64), count])),
  times: z.array(z.tuple([count, count])),
  bytes: z.tuple([count, count]),
})
const reportShape = z.tuple([z.object({ gateway: z.uuid(), slot: count })]).rest(activityShape)

type ActivityByWire = z.infer<typeof activityShape>

export function createActivitySender(database: SystemDatabase): ActivitySender {
  return {
    async send({ gatewayId, slot, instances }) {
      const head = JSON.stringify({ gateway: gatewayId, slot })
      const bodies = gatherPayloads(instances.flatMap(inParts).map((one) => JSON.stringify(toWire(one))))
      // A report without instances still shows that the gateway is alive.
      const payloads = bodies.length === 0 ? [`[${head}]`] : bodies.map((body) => `[${head},${body.slice(1)}`)
      for (const payload of payloads)
        await askSystemDatabase(() =>
          sql`SELECT pg_notify('instance_activity', ${payload})`.execute(database),
        )
    },
  }
}

/** @returns undefined when the payload is not a report */
export function parseActivityReport(payload: string): ActivityReport | undefined {
  const parsed = reportShape.safeParse(jsonOrUndefined(payload))
  if (!parsed.success) return undefined
  const [{ gateway, slot }, ...instances] = parsed.data
  return { gatewayId: gateway, slot, instances: instances.map(fromWire) }
}

export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Far more than happens in ten seconds. Beyond this, everything together might not fit into one notice. */
const MANY_REFUSALS = 20

/** Splits an activity with many refusals into two parts; the receiver adds their counts up again. */
const inParts = (activity: InstanceActivity): readonly InstanceActivity[] =>
  activity.loginsRefused.size <= MANY_REFUSALS
    ? [activity]
    : [
        { ...activity, loginsRefused: new Map() },
        {
          ...activity,
          ...{ loginsAdmitted: 0, loginTimes: new Map(), bytesFromClient: 0, bytesToClient: 0 },
        },
      ]

const toWire = ({ instanceUid, now, ...activity }: InstanceActivity): ActivityByWire => ({
  uid: instanceUid,
  now: [now.openSessions, now.pooledSessions, now.pooledBackendsInUse, now.pooledClientsWaiting],
  admitted: activity.loginsAdmitted,
  refused: [...activity.loginsRefused],
  times: [...activity.loginTimes],
  bytes: [activity.bytesFromClient, activity.bytesToClient],
})

function fromWire({ uid, now, admitted, refused, times, bytes }: ActivityByWire): InstanceActivity {
  const [openSessions, pooledSessions, pooledBackendsInUse, pooledClientsWaiting] = now
  const [bytesFromClient, bytesToClient] = bytes
  return {
    instanceUid: uid as InstanceUid,
    now: { openSessions, pooledSessions, pooledBackendsInUse, pooledClientsWaiting },
    loginsAdmitted: admitted,
    loginsRefused: new Map(refused),
    loginTimes: new Map(times),
    bytesFromClient,
    bytesToClient,
  }
}
