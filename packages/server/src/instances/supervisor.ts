/**
 * Works off what is wanted of every database instance, in the background: one step at a time per instance, a
 * bounded number over all, again after a pause when the world stood in the way, and at once when a postmaster
 * dies. Holds no truth of its own: everything it needs to know after a crash is in the store.
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
  /** Told what happened, for the log. Must not throw. */
  readonly report: (event: SupervisorEvent) => void
}

export interface RunningSupervisor extends InstanceSupervisor {
  /**
   * Begins. Resolves when the stored states are true again: an instance whose cluster did not survive the pause is
   * STARTING from then on, until it runs.
   * @throws Fault when the system database cannot be asked
   */
  start(): Promise<void>
  /** Begins nothing more, waits for what is under way, and stops the clusters when asked. */
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
    await this.#starting
  }

  async stop({ stopInstances }: { readonly stopInstances: boolean }): Promise<void> {
    this.#phase = 'stopped'
    // Whoever called `start` learns of its failure; here only its end counts.
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
          // Its failures are forgiven only when it has run for a while: it may die of the same again.
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
      // The step under way is what ended the cluster, or will find it dead.
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
    // A watch that fails knows no more than one that ended: the next step looks for itself.
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

  /** Settled instances cost nothing here but their line in the list. */
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

  /** When the system database went first, the clusters that this process started are known all the same. */
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
