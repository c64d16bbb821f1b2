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
import { createSlots } from './slots.ts'
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

export function createInstanceSupervisor(
  ports: SupervisorPorts,
  settings: SupervisorSettings = DEFAULT_SUPERVISOR_SETTINGS,
): RunningSupervisor {
  const attentions = new Map<InstanceUid, Attention>()
  const slots = createSlots(settings.concurrency)
  let phase: 'before' | 'running' | 'stopped' = 'before'
  let starting: Promise<void> | undefined
  let recheckTimer: NodeJS.Timeout | undefined
  let recheck: Promise<void> | undefined

  // A function, because the compiler would otherwise believe that the phase cannot change during an await.
  const isRunning = (): boolean => phase === 'running'

  function attentionFor(uid: InstanceUid): Attention {
    const known = attentions.get(uid)
    if (known !== undefined) return known
    const attention = newAttention(uid)
    attentions.set(uid, attention)
    return attention
  }

  function wake(uid: InstanceUid): void {
    if (phase === 'stopped') return
    const attention = attentionFor(uid)
    attention.isDue = true
    if (phase === 'before') return
    clearTimeout(attention.retryTimer)
    attention.retryTimer = undefined
    attention.steps ??= workOff(attention).finally(() => {
      attention.steps = undefined
      if (attention.isDue) wake(uid)
    })
  }

  async function workOff(attention: Attention): Promise<void> {
    while (attention.isDue && isRunning()) {
      await slots.take()
      try {
        if (!isRunning()) return
        attention.isDue = false
        await step(attention)
      } finally {
        slots.giveBack()
      }
    }
  }

  async function step(attention: Attention): Promise<void> {
    const { uid } = attention
    attention.isSettled = false
    attention.isStepping = true
    if (isSteady(attention.watch)) attention.failures = 0
    try {
      const reconciled = await reconcileDatabaseInstance(ports, {
        uid,
        adopted: attention.watch !== undefined,
      })
      ports.report({ event: 'reconciled', uid, outcome: reconciled.outcome })
      switch (reconciled.outcome) {
        case 'gone':
          attentions.delete(uid)
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
          watch(attention, reconciled.instance)
          break
        case 'running':
          break
      }
      attention.isSettled = true
      repairLater(attention, reconciled.problems ?? [])
    } catch (error) {
      ports.report({ event: 'reconcile_failed', uid, error, retryInMs: retryLater(attention) })
    } finally {
      attention.isStepping = false
    }
  }

  const isSteady = (watched: Attention['watch']): boolean =>
    watched !== undefined && ports.clock().getTime() - watched.since.getTime() >= settings.steadyMs

  function watch(attention: Attention, instance: DatabaseInstance): void {
    const watched = { since: ports.clock(), instance }
    attention.watch = watched
    const onExit = (): void => {
      if (attention.watch !== watched || !isRunning()) return
      attention.watch = undefined
      attention.isSettled = false
      // The step under way is what ended the cluster, or will find it dead.
      if (attention.isStepping) {
        attention.isDue = true
        return
      }
      const restartInMs =
        isSteady(watched) || attention.failures === 0 ? restartNow(attention) : retryLater(attention)
      ports.report({ event: 'postmaster_exited', uid: attention.uid, restartInMs })
    }
    // A watch that fails knows no more than one that ended: the next step looks for itself.
    ports.driver.waitForExit(instance).then(onExit, (error: unknown) => {
      ports.report({ event: 'inspection_failed', uid: attention.uid, error })
      onExit()
    })
  }

  function restartNow(attention: Attention): 0 {
    attention.failures = 1
    wake(attention.uid)
    return 0
  }

  function retryLater(attention: Attention): number {
    const pauseMs = pauseAfterFailures(attention.failures, settings)
    attention.failures += 1
    wakeLater(attention, pauseMs)
    return pauseMs
  }

  function repairLater(attention: Attention, problems: readonly Fault[]): void {
    if (problems.length === 0) return
    for (const problem of problems)
      ports.report({ event: 'not_prepared', uid: attention.uid, problem, retryInMs: settings.repairMs })
    wakeLater(attention, settings.repairMs)
  }

  function wakeLater(attention: Attention, pauseMs: number): void {
    clearTimeout(attention.retryTimer)
    if (!isRunning()) return
    attention.retryTimer = setTimeout(wake, pauseMs, attention.uid)
    attention.retryTimer.unref()
  }

  /** Settled instances cost nothing here but their line in the list. */
  async function wakeUnsettled(): Promise<void> {
    for (const { uid, state, settings: wanted } of await ports.store.listAll()) {
      const attention = attentions.get(uid)
      const isSettled =
        attention?.isSettled === true && state === (effectiveStopped(wanted) ? 'STOPPED' : 'AVAILABLE')
      if (!isSettled && attention?.retryTimer === undefined) wake(uid)
    }
  }

  function recheckLater(): void {
    if (!isRunning()) return
    recheckTimer = setTimeout(() => {
      recheck = wakeUnsettled()
        .catch((error: unknown) => {
          ports.report({ event: 'recheck_failed', error })
        })
        .finally(recheckLater)
    }, settings.recheckMs)
    recheckTimer.unref()
  }

  async function begin(): Promise<void> {
    const instances = await ports.store.listAll()
    await correctStates(ports, instances, slots)
    if (phase === 'stopped') return
    phase = 'running'
    for (const { uid } of instances) attentionFor(uid).isDue = true
    for (const { uid } of attentions.values()) wake(uid)
    recheckLater()
  }

  async function stopClusters(): Promise<void> {
    await Promise.all((await listForStop()).map(stopCluster))
  }

  /** When the system database went first, the clusters that this process started are known all the same. */
  async function listForStop(): Promise<readonly DatabaseInstance[]> {
    try {
      return await ports.store.listAll()
    } catch (error) {
      ports.report({ event: 'recheck_failed', error })
      return [...attentions.values()].flatMap(({ watch: watched }) => watched?.instance ?? [])
    }
  }

  async function stopCluster(instance: DatabaseInstance): Promise<void> {
    try {
      await ports.driver.stop(instance)
    } catch (error) {
      ports.report({ event: 'stop_failed', uid: instance.uid, error })
    }
  }

  return {
    wake,
    async start() {
      starting ??= begin()
      await starting
    },
    async stop({ stopInstances }) {
      phase = 'stopped'
      // Whoever called `start` learns of its failure; here only its end counts.
      await starting?.catch(() => undefined)
      clearTimeout(recheckTimer)
      await recheck
      const all = [...attentions.values()]
      for (const attention of all) clearTimeout(attention.retryTimer)
      await Promise.all(all.map(async (attention) => attention.steps))
      if (stopInstances) await stopClusters()
    },
  }
}
