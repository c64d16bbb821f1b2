/**
 * Brings every database instance to its wanted state, in the background: one step at a time per instance, and a limited
 * number over all instances. A step that failed is repeated after a pause, and a dead postmaster is handled at once. It
 * keeps no state that must survive: everything it needs after a crash is in the store.
 */
import { effectiveStopped, type DatabaseInstance } from '../domain/database-instance.ts'
import type { Fault } from '../domain/fault.ts'
import type { InstanceUid } from '../domain/ids.ts'
import type { InstanceSupervisor } from '../operations/ports/clusters.ts'
import type { InstanceStore } from '../operations/ports/instances.ts'
import {
  reconcileDatabaseInstance,
  type ReconcilePorts,
} from '../operations/instances/reconcile-database-instance.ts'
import { newAttention, type Attention } from './attention.ts'
import { correctStates } from './correct-states.ts'
import { createSlots, type Slots } from './slots.ts'
import {
  DEFAULT_SUPERVISOR_SETTINGS,
  pauseAfterFailures,
  type SupervisorEvent,
  type SupervisorSettings,
} from './supervisor-settings.ts'

export interface SupervisorPorts extends ReconcilePorts {
  readonly store: ReconcilePorts['store'] & Pick<InstanceStore, 'listAll'>
  /** Called with every event, for the log. Must not throw. */
  readonly report: (event: SupervisorEvent) => void
}

export interface RunningSupervisor extends InstanceSupervisor {
  /**
   * Starts the supervisor. Resolves when the stored states have been corrected: an instance whose cluster is not
   * running any more is STARTING from then on, until it runs.
   * @throws Fault when the system database cannot be queried
   */
  start(): Promise<void>
  /** Starts no further step, waits for those in progress, and stops the clusters if requested. */
  stop(options: { readonly stopInstances: boolean }): Promise<void>
}

export const createInstanceSupervisor = (
  ports: SupervisorPorts,
  settings: SupervisorSettings = DEFAULT_SUPERVISOR_SETTINGS,
): RunningSupervisor => new InstanceSupervision(ports, settings)

class InstanceSupervision implements RunningSupervisor {
  readonly #ports: SupervisorPorts
  readonly #settings: SupervisorSettings
  readonly #attentions = new Map<InstanceUid, Attention>()
  readonly #slots: Slots
  #phase: 'before' | 'running' | 'stopped' = 'before'
  #starting: Promise<void> | undefined
  #recheckTimer: NodeJS.Timeout | undefined
  #recheck: Promise<void> | undefined

  constructor(ports: SupervisorPorts, settings: SupervisorSettings) {
    this.#ports = ports
    this.#settings = settings
    this.#slots = createSlots(this.#settings.concurrency)
  }

  wake(uid: InstanceUid): void {
    if (this.#phase === 'stopped') return
    const attention = this.#attentionFor(uid)
    attention.isDue = true
    if (this.#phase === 'before') return
    clearTimeout(attention.retryTimer)
    attention.retryTimer = undefined
    attention.steps ??= this.#workOff(attention).finally(() => {
      attention.steps = undefined
      if (attention.isDue) this.wake(uid)
    })
  }

  async start(): Promise<void> {
    this.#starting ??= this.#begin()
    try {
      await this.#starting
    } catch (error) {
      // It may be tried again.
      this.#starting = undefined
      throw error
    }
  }

  async stop({ stopInstances }: { readonly stopInstances: boolean }): Promise<void> {
    this.#phase = 'stopped'
    // The caller of `start` handles its failure; here only its end matters.
    await this.#starting?.catch(() => undefined)
    clearTimeout(this.#recheckTimer)
    await this.#recheck
    const all = [...this.#attentions.values()]
    for (const attention of all) clearTimeout(attention.retryTimer)
    await Promise.all(all.map(async (attention) => attention.steps))
    if (stopInstances) await this.#stopClusters()
  }

  // A function, because the compiler would otherwise believe that the phase cannot change during an await.
  #isRunning(): boolean {
    return this.#phase === 'running'
  }

  #attentionFor(uid: InstanceUid): Attention {
    const known = this.#attentions.get(uid)
    if (known !== undefined) return known
    const attention = newAttention(uid)
    this.#attentions.set(uid, attention)
    return attention
  }

  async #workOff(attention: Attention): Promise<void> {
    while (attention.isDue && this.#isRunning()) {
      await this.#slots.take()
      try {
        if (!this.#isRunning()) return
        attention.isDue = false
        await this.#step(attention)
      } finally {
        this.#slots.giveBack()
      }
    }
  }

  async #step(attention: Attention): Promise<void> {
    const { uid } = attention
    attention.isSettled = false
    attention.isStepping = true
    if (this.#isSteady(attention.watch)) attention.failures = 0
    try {
      const reconciled = await reconcileDatabaseInstance(this.#ports, {
        uid,
        adopted: attention.watch !== undefined,
      })
      this.#ports.report({ event: 'reconciled', uid, outcome: reconciled.outcome })
      switch (reconciled.outcome) {
        case 'gone':
          this.#attentions.delete(uid)
          return
        case 'superseded':
          attention.isDue = true
          return
        case 'stopped':
          attention.watch = undefined
          attention.failures = 0
          break
        case 'started':
          // Its failures are reset only after it has run for a while: it may die of the same cause again.
          this.#watch(attention, reconciled.instance)
          break
        case 'running':
          break
      }
      attention.isSettled = true
      this.#repairLater(attention, reconciled.problems ?? [])
    } catch (error) {
      this.#ports.report({ event: 'reconcile_failed', uid, error, retryInMs: this.#retryLater(attention) })
    } finally {
      attention.isStepping = false
    }
  }

  #isSteady(watched: Attention['watch']): boolean {
    return (
      watched !== undefined &&
      this.#ports.clock().getTime() - watched.since.getTime() >= this.#settings.steadyMs
    )
  }

  #watch(attention: Attention, instance: DatabaseInstance): void {
    const watched = { since: this.#ports.clock(), instance }
    attention.watch = watched
    const onExit = (): void => {
      if (attention.watch !== watched || !this.#isRunning()) return
      attention.watch = undefined
      attention.isSettled = false
      // The step in progress ended the cluster, or will notice that it is dead.
      if (attention.isStepping) {
        attention.isDue = true
        return
      }
      const restartInMs =
        this.#isSteady(watched) || attention.failures === 0
          ? this.#restartNow(attention)
          : this.#retryLater(attention)
      this.#ports.report({ event: 'postmaster_exited', uid: attention.uid, restartInMs })
    }
    // A watch that failed shows no more than a cluster that ended: the next step inspects it.
    this.#ports.driver.waitForExit(instance).then(onExit, (error: unknown) => {
      this.#ports.report({ event: 'inspection_failed', uid: attention.uid, error })
      onExit()
    })
  }

  #restartNow(attention: Attention): 0 {
    attention.failures = 1
    this.wake(attention.uid)
    return 0
  }

  #retryLater(attention: Attention): number {
    const pauseMs = pauseAfterFailures(attention.failures, this.#settings)
    attention.failures += 1
    this.#wakeLater(attention, pauseMs)
    return pauseMs
  }

  #repairLater(attention: Attention, problems: readonly Fault[]): void {
    if (problems.length === 0) return
    for (const problem of problems)
      this.#ports.report({
        event: 'not_prepared',
        uid: attention.uid,
        problem,
        retryInMs: this.#settings.repairMs,
      })
    this.#wakeLater(attention, this.#settings.repairMs)
  }

  #wakeLater(attention: Attention, pauseMs: number): void {
    clearTimeout(attention.retryTimer)
    if (!this.#isRunning()) return
    attention.retryTimer = setTimeout(
      (uid) => {
        this.wake(uid)
      },
      pauseMs,
      attention.uid,
    )
    attention.retryTimer.unref()
  }

  /** A settled instance costs nothing here beyond its row in the list. */
  async #wakeUnsettled(): Promise<void> {
    for (const { uid, state, settings: wanted } of await this.#ports.store.listAll()) {
      const attention = this.#attentions.get(uid)
      const isSettled =
        attention?.isSettled === true && state === (effectiveStopped(wanted) ? 'STOPPED' : 'AVAILABLE')
      if (!isSettled && attention?.retryTimer === undefined) this.wake(uid)
    }
  }

  #recheckLater(): void {
    if (!this.#isRunning()) return
    this.#recheckTimer = setTimeout(() => {
      this.#recheck = this.#wakeUnsettled()
        .catch((error: unknown) => {
          this.#ports.report({ event: 'recheck_failed', error })
        })
        .finally(() => {
          this.#recheckLater()
        })
    }, this.#settings.recheckMs)
    this.#recheckTimer.unref()
  }

  async #begin(): Promise<void> {
    const instances = await this.#ports.store.listAll()
    await correctStates(this.#ports, instances, this.#slots)
    if (this.#phase === 'stopped') return
    this.#phase = 'running'
    for (const { uid } of instances) this.#attentionFor(uid).isDue = true
    for (const { uid } of this.#attentions.values()) this.wake(uid)
    this.#recheckLater()
  }

  async #stopClusters(): Promise<void> {
    await Promise.all((await this.#listForStop()).map((instance) => this.#stopCluster(instance)))
  }

  /** If the system database stopped first, the clusters that this process started are still known. */
  async #listForStop(): Promise<readonly DatabaseInstance[]> {
    try {
      return await this.#ports.store.listAll()
    } catch (error) {
      this.#ports.report({ event: 'recheck_failed', error })
      return [...this.#attentions.values()].flatMap(({ watch: watched }) => watched?.instance ?? [])
    }
  }

  async #stopCluster(instance: DatabaseInstance): Promise<void> {
    try {
      await this.#ports.driver.stop(instance)
    } catch (error) {
      this.#ports.report({ event: 'stop_failed', uid: instance.uid, error })
    }
  }
}
