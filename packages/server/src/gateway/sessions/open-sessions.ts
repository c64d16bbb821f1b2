/**
 * The sessions that are open in this process: who, as which role, from where, how much. A timer looks at them once a
 * second and ends those whose time is over; the relay itself is not touched.
 */
import {
  effectiveSessionPolicy,
  effectiveStopped,
  type DatabaseInstance,
  type SessionPolicy,
} from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { isSelected, type OpenSession, type SessionSelection } from '../../domain/open-session.ts'
import type { Admission } from '../../operations/login/admit-login.ts'
import type { AuditLog } from '../../operations/ports/audit.ts'
import type { Clock } from '../../operations/ports/clock.ts'
import type { BackendTermination } from '../../operations/ports/sessions.ts'
import type { RecheckSession } from '../../operations/sessions/recheck-session.ts'
import { reasonToEnd, type SessionLimits } from './session-end.ts'
import type { SessionEnd, SessionLink } from './session-link.ts'
import type { GatewayLog } from '../settings.ts'

export interface OpenSessionsPorts {
  readonly clock: Clock
  /** Never jumps, unlike the clock: idleness and age are measured by it (attack 40). */
  readonly uptimeMs: () => number
  readonly newId: () => string
  readonly termination: BackendTermination
  readonly recheck: RecheckSession
  readonly audit: AuditLog
  readonly log: GatewayLog
  /** Told of every session that ended before its client wanted, for the metrics. */
  readonly onEnded: (reason: string) => void
  /** Told when a session of the instance was opened or is over. */
  readonly onChanged: (instanceUid: InstanceUid) => void
}

export interface SessionTotals {
  readonly open: number
  readonly bytesFromClient: number
  readonly bytesToClient: number
}

export interface OpenSessions {
  /**
   * Lists the session for as long as the work on it takes.
   * @param work resolves with how it ended, unless the client ended it
   */
  during(
    admission: Admission,
    request: { readonly database: string; readonly clientAddress: string },
    link: SessionLink,
    work: () => Promise<SessionEnd | undefined>,
  ): Promise<void>
  list(selection: SessionSelection): readonly OpenSession[]
  /** Ends what is selected and returns it; PostgreSQL tells the clients (57P01). */
  end(selection: SessionSelection): Promise<readonly OpenSession[]>
  /** Ends all of them, for the end of the process. */
  endAll(): Promise<void>
  /** Since the start of the process. */
  totals(): SessionTotals
  /** The same by instance: of those that there are, and those that have sessions. */
  totalsByInstance(): ReadonlyMap<InstanceUid, SessionTotals>
  /** From now on, for sessions that are open as well. */
  useLimits(limits: SessionLimits): void
  /**
   * Reads what instances there are, and what they want of their sessions from now on. Ends sessions that no backend
   * belongs to, and those of attached clusters, when their instance stops or goes: PostgreSQL ends the others.
   */
  learnInstances(load: () => Promise<readonly DatabaseInstance[]>): Promise<void>
  /** Asks again whether the sessions may still be open; soon, and once for many calls. */
  recheckSoon(): void
  start(): void
  stop(): void
}

interface Entry {
  readonly admission: Admission
  readonly request: { readonly database: string; readonly clientAddress: string }
  readonly link: SessionLink
  readonly id: string
  readonly openedAt: Date
  readonly openedAtUptime: number
  lastActiveAt: Date
  lastActiveUptime: number
  bytesSeen: number
  /** An end that did not succeed is not tried again before. */
  notBeforeUptime: number
  /** It goes by itself from here; only its sockets are still closing. */
  wasEnded: boolean
  /** What came of the last try to end it. */
  ending: Promise<boolean> | undefined
}

const TICK_MS = 1_000
/** How long PostgreSQL may take to end a backend before the connections are cut. */
const STUCK_MS = 5_000
const RETRY_MS = 60_000
/** A burst of changes in the directory is one reason to ask. */
const RECHECK_PAUSE_MS = 1_000
/** Roles and labels change inside instances, which send no notices. */
const RECHECK_EVERY_MS = 30_000
const RECHECKED_AT_A_TIME = 20
/** The most that login-deadline-seconds may be. */
const LONGEST_LOGIN_MS = 300_000

/** Sessions of an embedded one end with its cluster; an attached one runs on. */
interface ClosedInstance {
  readonly reason: 'instance_stopped' | 'instance_deleted'
  /** Of the uptime. */
  readonly since: number
}

export function createOpenSessions(ports: OpenSessionsPorts, initial: SessionLimits): OpenSessions {
  let limits = initial
  const { clock, uptimeMs, termination, log } = ports
  const entries = new Map<string, Entry>()
  /** As they were when they were read last. */
  let known: ReadonlyMap<InstanceUid, DatabaseInstance> = new Map()
  /** Stopped, or going, or gone: those for as long as a login may be under way that found them. */
  let closed: ReadonlyMap<InstanceUid, ClosedInstance> = new Map()
  const ended = { bytesFromClient: 0, bytesToClient: 0 }
  /** By instance; those that are gone are forgotten. */
  const endedOf = new Map<InstanceUid, { bytesFromClient: number; bytesToClient: number }>()
  let tick: NodeJS.Timeout | undefined
  let recheckTimer: NodeJS.Timeout | undefined
  let lastRecheck = uptimeMs()

  /** Not as it was at the login: the hosts of a cluster may be others by now. */
  const instanceOf = ({ admission: { instance } }: Entry): DatabaseInstance =>
    known.get(instance.uid) ?? instance

  const policyOf = (entry: Entry): SessionPolicy => effectiveSessionPolicy(instanceOf(entry).settings)

  const reasonOfInstance = ({ admission: { instance } }: Entry) =>
    instance.backend.kind === 'attached' ? closed.get(instance.uid)?.reason : undefined

  function endEntry(entry: Entry, onlyWhenIdle: boolean): Promise<boolean> {
    entry.ending = tryToEnd(entry, onlyWhenIdle)
    return entry.ending
  }

  /** @returns false when there was nothing to end, or not now */
  async function tryToEnd(entry: Entry, onlyWhenIdle: boolean): Promise<boolean> {
    const { admission, link } = entry
    const processId = link.backendProcessId()
    if (processId === undefined) {
      if (onlyWhenIdle && link.isWorking() === true) return false
      link.cut()
      return true
    }
    const backend = {
      ...{ processId, roleOid: admission.roleOid, host: link.host, onlyWhenIdle },
      ageMs: uptimeMs() - entry.openedAtUptime,
    }
    try {
      if (!(await termination.terminateBackend(admission.instance, backend))) {
        if (onlyWhenIdle) return false
        link.cut()
        return true
      }
    } catch (error) {
      // Whoever must go does, also when the instance cannot be told.
      log.warn({ err: error, session: entry.id }, 'a backend could not be ended; its client was cut off')
      link.cut()
      return true
    }
    setTimeout(() => {
      if (entries.has(entry.id)) link.cut()
    }, STUCK_MS).unref()
    return true
  }

  async function endFor(entry: Entry, reason: string): Promise<void> {
    entry.notBeforeUptime = uptimeMs() + RETRY_MS
    // A long statement passes no bytes and is no idleness.
    if (!(await endEntry(entry, reason === 'session_idle'))) return
    entry.wasEnded = true
    recordEnd(entry, { reason, sqlstate: undefined })
  }

  function recordEnd({ admission, request, id }: Entry, { reason, sqlstate }: SessionEnd): void {
    ports.onEnded(reason)
    ports.audit.record({
      event: 'end_session',
      outcome: 'admitted',
      reason,
      ...(sqlstate === undefined ? {} : { sqlstate }),
      detail: `session ${id}`,
      ...(admission.behind === undefined
        ? {}
        : { identityId: admission.behind.id, identityName: admission.behind.name }),
      role: admission.roleName,
      database: request.database,
      clientAddress: request.clientAddress,
      instanceUid: admission.instance.uid,
      instanceName: admission.instance.name,
      workspaceId: admission.instance.workspaceId,
      ...(admission.token === undefined ? {} : { tokenId: admission.token.tokenId }),
    })
  }

  function look(): void {
    const uptime = uptimeMs()
    const now = clock()
    for (const entry of entries.values()) {
      const bytes = entry.link.bytesFromClient() + entry.link.bytesToClient()
      if (bytes !== entry.bytesSeen) {
        entry.bytesSeen = bytes
        entry.lastActiveUptime = uptime
        entry.lastActiveAt = now
      }
      if (uptime < entry.notBeforeUptime) continue
      const reason =
        reasonOfInstance(entry) ??
        reasonToEnd(
          {
            ageMs: uptime - entry.openedAtUptime,
            idleMs: uptime - entry.lastActiveUptime,
            tokenExpiresAt: entry.admission.token?.expiresAt,
          },
          { limits, policy: policyOf(entry), now },
        )
      if (reason !== undefined) void endFor(entry, reason)
    }
    if (uptime - lastRecheck >= RECHECK_EVERY_MS) recheckSoon()
  }

  function recheckSoon(): void {
    if (recheckTimer !== undefined) return
    const wait = Math.max(0, lastRecheck + RECHECK_PAUSE_MS - uptimeMs())
    recheckTimer = setTimeout(() => {
      lastRecheck = uptimeMs()
      recheckAll()
        .catch((error: unknown) => {
          // Open sessions live on when nobody can be asked (DESIGN §8); the next time comes by itself.
          log.warn({ err: error }, 'open sessions could not be checked again')
        })
        .finally(() => {
          recheckTimer = undefined
        })
    }, wait).unref()
  }

  async function recheckAll(): Promise<void> {
    const watched = [...entries.values()].filter((entry) => policyOf(entry).endOnMembershipLoss)
    for (let at = 0; at < watched.length; at += RECHECKED_AT_A_TIME) {
      await Promise.all(watched.slice(at, at + RECHECKED_AT_A_TIME).map(recheckOne))
    }
  }

  async function recheckOne(entry: Entry): Promise<void> {
    const { token, roleName, roleOid } = entry.admission
    if (token === undefined) return
    const lost = await ports.recheck({ token, instance: instanceOf(entry), roleName, roleOid })
    if (lost !== undefined && entries.has(entry.id)) await endFor(entry, lost.name)
  }

  /** @param asOf of the uptime; who logged in since may know better */
  function endWithInstances(instances: readonly DatabaseInstance[], asOf: number): void {
    const wanted = new Set(
      instances
        .filter(({ state, settings }) => state !== 'DELETING' && !effectiveStopped(settings))
        .map(({ uid }) => uid),
    )
    for (const entry of entries.values()) {
      const { admission, link, openedAtUptime } = entry
      // A stop is told more than once, and ends a session once.
      if (entry.wasEnded) continue
      const isOver = openedAtUptime < asOf && !wanted.has(admission.instance.uid)
      if (isOver && link.backendProcessId() === undefined) void endFor(entry, 'instance_not_reachable')
    }
  }

  function closedAmong(
    here: ReadonlyMap<InstanceUid, DatabaseInstance>,
    asOf: number,
  ): ReadonlyMap<InstanceUid, ClosedInstance> {
    const next = new Map<InstanceUid, ClosedInstance>()
    for (const { uid, state, settings } of here.values()) {
      if (state === 'DELETING') next.set(uid, { reason: 'instance_deleted', since: asOf })
      else if (effectiveStopped(settings)) next.set(uid, { reason: 'instance_stopped', since: asOf })
    }
    const open = new Set([...entries.values()].map(({ admission }) => admission.instance.uid))
    for (const uid of new Set([...known.keys(), ...closed.keys()])) {
      if (here.has(uid)) continue
      const since = known.has(uid) ? asOf : (closed.get(uid)?.since ?? asOf)
      if (open.has(uid) || asOf - since < LONGEST_LOGIN_MS) {
        next.set(uid, { reason: 'instance_deleted', since })
      }
    }
    return next
  }

  function remember(uid: InstanceUid, link: SessionLink): void {
    const [bytesFromClient, bytesToClient] = [link.bytesFromClient(), link.bytesToClient()]
    ended.bytesFromClient += bytesFromClient
    ended.bytesToClient += bytesToClient
    const own = endedOf.get(uid)
    endedOf.set(uid, {
      bytesFromClient: (own?.bytesFromClient ?? 0) + bytesFromClient,
      bytesToClient: (own?.bytesToClient ?? 0) + bytesToClient,
    })
  }

  const list = (selection: SessionSelection): readonly OpenSession[] =>
    [...entries.values()].map(describe).filter((session) => isSelected(session, selection))

  return {
    async during(admission, request, link, work) {
      const [id, now, uptime] = [ports.newId(), clock(), uptimeMs()]
      const entry: Entry = {
        ...{ admission, request, link, id },
        ...{ openedAt: now, openedAtUptime: uptime, lastActiveAt: now, lastActiveUptime: uptime },
        ...{ bytesSeen: 0, notBeforeUptime: 0, wasEnded: false, ending: undefined },
      }
      const { uid } = admission.instance
      entries.set(id, entry)
      ports.onChanged(uid)
      let end: SessionEnd | undefined
      try {
        end = await work()
      } finally {
        entries.delete(id)
        remember(uid, link)
        ports.onChanged(uid)
      }
      // What we asked PostgreSQL for is recorded by whoever wanted it.
      if (end !== undefined && (await entry.ending) !== true) recordEnd(entry, end)
    },
    list,
    async end(selection) {
      const selected = list(selection)
      await Promise.all(
        selected.map(async ({ id }) => {
          const entry = entries.get(id)
          if (entry !== undefined && (await endEntry(entry, false))) ports.onEnded('session_ended')
        }),
      )
      return selected
    },
    async endAll() {
      await Promise.all([...entries.values()].map((entry) => endEntry(entry, false)))
    },
    totals() {
      let { bytesFromClient, bytesToClient } = ended
      for (const { link } of entries.values()) {
        bytesFromClient += link.bytesFromClient()
        bytesToClient += link.bytesToClient()
      }
      return { open: entries.size, bytesFromClient, bytesToClient }
    },
    totalsByInstance() {
      const all = new Map<InstanceUid, { open: number; bytesFromClient: number; bytesToClient: number }>()
      for (const [uid, bytes] of endedOf) all.set(uid, { open: 0, ...bytes })
      for (const { admission, link } of entries.values()) {
        const { uid } = admission.instance
        const own = all.get(uid) ?? { open: 0, bytesFromClient: 0, bytesToClient: 0 }
        own.open += 1
        own.bytesFromClient += link.bytesFromClient()
        own.bytesToClient += link.bytesToClient()
        all.set(uid, own)
      }
      return all
    },
    async learnInstances(load) {
      const asOf = uptimeMs()
      const instances = await load()
      endWithInstances(instances, asOf)
      const here = new Map(instances.map((instance) => [instance.uid, instance]))
      closed = closedAmong(here, asOf)
      known = here
      for (const uid of endedOf.keys()) if (!here.has(uid)) endedOf.delete(uid)
      recheckSoon()
    },
    useLimits(next) {
      limits = next
    },
    recheckSoon,
    start() {
      tick = setInterval(look, TICK_MS).unref()
    },
    stop() {
      clearInterval(tick)
      clearTimeout(recheckTimer)
    },
  }
}

function describe(entry: Entry): OpenSession {
  const { admission, request, link } = entry
  const { instance, behind, token } = admission
  return {
    id: entry.id,
    workspaceId: instance.workspaceId,
    instanceUid: instance.uid,
    instanceName: instance.name,
    identity: behind === undefined ? undefined : { id: behind.id, type: behind.type, name: behind.name },
    groupPath: behind?.path ?? [],
    role: admission.roleName,
    ...request,
    tokenId: token?.tokenId,
    tokenExpiresAt: token?.expiresAt,
    backendProcessId: link.backendProcessId(),
    openedAt: entry.openedAt,
    lastActiveAt: entry.lastActiveAt,
    bytesFromClient: link.bytesFromClient(),
    bytesToClient: link.bytesToClient(),
  }
}
