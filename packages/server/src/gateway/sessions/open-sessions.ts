/**
 * The sessions that are open in this process: whose they are, as which role, from where, and how many bytes they
 * passed. Once a second a timer checks them and ends those whose time is over; the relay itself is not touched.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { isSelected, type OpenSession, type SessionSelection } from '../../domain/open-session.ts'
import type { Admission } from '../../operations/login/admission.ts'
import type { Clock } from '../../operations/ports/clock.ts'
import type { RecheckSession } from '../../operations/sessions/recheck-session.ts'
import { SessionEnding, type SessionEndPorts } from './end-session.ts'
import { KnownInstances, openAmong } from './known-instances.ts'
import { describeSession, listedSession, noteActivity, type ListedSession } from './listed-session.ts'
import { RepeatedCheck } from './repeated-check.ts'
import { reasonToEnd, type SessionLimits } from './session-end.ts'
import type { SessionEnd, SessionLink } from './session-link.ts'
import { SessionTraffic, type SessionTotals } from './session-traffic.ts'

export type { SessionTotals }

export interface OpenSessionsPorts extends SessionEndPorts {
  readonly clock: Clock
  readonly newId: () => string
  readonly recheck: RecheckSession
  /** Called when a session of the instance is opened or is over. */
  readonly onChanged: (instanceUid: InstanceUid) => void
}

export interface OpenSessions {
  /**
   * Lists the session while `work` runs.
   * @param work runs the session; resolves with how it ended, unless the client ended it
   */
  during(
    admission: Admission,
    request: { readonly database: string; readonly clientAddress: string },
    link: SessionLink,
    work: () => Promise<SessionEnd | undefined>,
  ): Promise<void>
  list(selection: SessionSelection): readonly OpenSession[]
  /** Ends the selected sessions and returns them; PostgreSQL sends their clients 57P01. */
  end(selection: SessionSelection): Promise<readonly OpenSession[]>
  /** Ends all of them, for the end of the process. */
  endAll(): Promise<void>
  /** Since the process started. */
  totals(): SessionTotals
  /** The same by instance: for existing instances, and for those that still have sessions. */
  totalsByInstance(): ReadonlyMap<InstanceUid, SessionTotals>
  /** Applies from now on, to open sessions as well. */
  useLimits(limits: SessionLimits): void
  /**
   * Reads the existing instances and their present session policies. When an instance is stopped or deleted, ends its
   * sessions if they have no backend of their own or belong to an attached cluster; PostgreSQL ends the others.
   */
  learnInstances(load: () => Promise<readonly DatabaseInstance[]>): Promise<void>
  /** Soon checks again whether each session may still be open; many calls lead to one check. */
  recheckSoon(): void
  start(): void
  stop(): void
}

const LOOK_EVERY_MS = 1_000
const RECHECKED_AT_A_TIME = 20

export const createOpenSessions = (ports: OpenSessionsPorts, initial: SessionLimits): OpenSessions =>
  new ListedSessions(ports, initial)

class ListedSessions implements OpenSessions {
  readonly #ports: OpenSessionsPorts
  #limits: SessionLimits
  readonly #sessions = new Map<string, ListedSession>()
  readonly #instances = new KnownInstances()
  readonly #traffic = new SessionTraffic()
  readonly #ending: SessionEnding
  readonly #recheck: RepeatedCheck
  #timer: NodeJS.Timeout | undefined

  constructor(ports: OpenSessionsPorts, limits: SessionLimits) {
    this.#ports = ports
    this.#limits = limits
    this.#ending = new SessionEnding(ports, (session) => this.#isOpen(session))
    this.#recheck = new RepeatedCheck({
      uptimeMs: ports.uptimeMs,
      check: () => this.#recheckAll(),
      onFailure(error) {
        // Open sessions go on when the directory cannot be read (DESIGN §8); the check is repeated later.
        ports.log.warn({ err: error }, 'open sessions could not be checked again')
      },
    })
  }

  async during(
    admission: Admission,
    request: { readonly database: string; readonly clientAddress: string },
    link: SessionLink,
    work: () => Promise<SessionEnd | undefined>,
  ): Promise<void> {
    const { newId, onChanged } = this.#ports
    const session = listedSession({ admission, request, link, id: newId() }, this.#now())
    const { uid } = admission.instance
    this.#sessions.set(session.id, session)
    onChanged(uid)
    let end: SessionEnd | undefined
    try {
      end = await work()
    } finally {
      this.#sessions.delete(session.id)
      this.#traffic.ended(session)
      onChanged(uid)
    }
    // An end that we asked PostgreSQL for is recorded by the code that asked.
    if (end !== undefined && (await session.ending) !== true) this.#ending.record(session, end)
  }

  list(selection: SessionSelection): readonly OpenSession[] {
    return this.#all.map(describeSession).filter((session) => isSelected(session, selection))
  }

  async end(selection: SessionSelection): Promise<readonly OpenSession[]> {
    const selected = this.list(selection)
    await Promise.all(
      selected.map(async ({ id }) => {
        const session = this.#sessions.get(id)
        if (session !== undefined && (await this.#ending.end(session))) this.#ports.onEnded('session_ended')
      }),
    )
    return selected
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#all.map((session) => this.#ending.end(session)))
  }

  totals(): SessionTotals {
    return this.#traffic.totals(this.#all)
  }

  totalsByInstance(): ReadonlyMap<InstanceUid, SessionTotals> {
    return this.#traffic.totalsByInstance(this.#all)
  }

  useLimits(limits: SessionLimits): void {
    this.#limits = limits
  }

  async learnInstances(load: () => Promise<readonly DatabaseInstance[]>): Promise<void> {
    const asOf = this.#ports.uptimeMs()
    const instances = await load()
    this.#endWithInstances(openAmong(instances), asOf)
    const withSessions = new Set(this.#all.map(({ admission }) => admission.instance.uid))
    this.#traffic.forgetAllBut(this.#instances.learn(instances, withSessions, asOf))
    this.recheckSoon()
  }

  recheckSoon(): void {
    this.#recheck.soon()
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#look()
    }, LOOK_EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#recheck.stop()
  }

  get #all(): readonly ListedSession[] {
    return [...this.#sessions.values()]
  }

  #isOpen({ id }: ListedSession): boolean {
    return this.#sessions.has(id)
  }

  #now(): { readonly now: Date; readonly uptime: number } {
    return { now: this.#ports.clock(), uptime: this.#ports.uptimeMs() }
  }

  #look(): void {
    const moment = this.#now()
    for (const session of this.#sessions.values()) {
      noteActivity(session, moment)
      if (moment.uptime < session.notBeforeUptime) continue
      const reason = this.#reasonToEnd(session, moment)
      if (reason !== undefined) void this.#ending.endFor(session, reason)
    }
    if (this.#recheck.isDue) this.recheckSoon()
  }

  #reasonToEnd(
    { admission, openedAtUptime, lastActiveUptime }: ListedSession,
    { now, uptime }: { readonly now: Date; readonly uptime: number },
  ): string | undefined {
    const { instance, token } = admission
    const session = {
      ageMs: uptime - openedAtUptime,
      idleMs: uptime - lastActiveUptime,
      tokenExpiresAt: token?.expiresAt,
    }
    const terms = { limits: this.#limits, policy: this.#instances.policyOf(instance), now }
    return this.#instances.reasonToEnd(instance) ?? reasonToEnd(session, terms)
  }

  async #recheckAll(): Promise<void> {
    const watched = this.#all.filter(
      ({ admission }) => this.#instances.policyOf(admission.instance).endOnMembershipLoss,
    )
    for (let at = 0; at < watched.length; at += RECHECKED_AT_A_TIME) {
      await Promise.all(
        watched.slice(at, at + RECHECKED_AT_A_TIME).map((session) => this.#recheckOne(session)),
      )
    }
  }

  async #recheckOne(session: ListedSession): Promise<void> {
    const { token, roleName, roleOid, instance } = session.admission
    if (token === undefined) return
    const lost = await this.#ports.recheck({
      ...{ token, roleName, roleOid },
      instance: this.#instances.latest(instance),
    })
    if (lost !== undefined && this.#isOpen(session)) await this.#ending.endFor(session, lost.name)
  }

  /** @param asOf the uptime of the reading; a login since then may have seen a newer state */
  #endWithInstances(open: ReadonlySet<InstanceUid>, asOf: number): void {
    for (const session of this.#sessions.values()) {
      const { admission, link, openedAtUptime, wasEnded } = session
      // A stop may be reported more than once, but ends a session once.
      if (wasEnded) continue
      const isOver = openedAtUptime < asOf && !open.has(admission.instance.uid)
      if (isOver && link.backendProcessId() === undefined) {
        void this.#ending.endFor(session, 'instance_not_reachable')
      }
    }
  }
}
