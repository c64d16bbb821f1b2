/**
 * Brings one database instance to what is wanted of it: makes, starts, restarts, stops or destroys its cluster
 * and then writes down what it is. Every step can be repeated, so a crash at any point is healed by calling this
 * again: the state changes only after the work it stands for (behaviour 63).
 */
import {
  effectiveStopped,
  type DatabaseInstance,
  type InstanceState,
} from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { Clock } from '../ports/clock.ts'
import type { InstanceDriver } from '../ports/clusters.ts'
import type { Directory } from '../ports/directory.ts'
import type { InstanceStore } from '../ports/instances.ts'

export interface ReconcilePorts {
  readonly store: Pick<
    InstanceStore,
    'loadInstance' | 'updateState' | 'recordFault' | 'recordCluster' | 'remove'
  >
  readonly driver: InstanceDriver
  readonly directory: Pick<Directory, 'loadPrincipal'>
  readonly clock: Clock
}

/**
 * How one step ended. `started`: its cluster was started, restarted or adopted by this step; `running`: it ran
 * before. `superseded`: somebody changed the instance meanwhile, so that another step is due.
 */
export type Reconciled =
  | {
      readonly outcome: 'started' | 'running' | 'stopped' | 'superseded'
      readonly instance: DatabaseInstance
      /** What of a cluster that runs could not be prepared; its users read that, and it is due again after a while. */
      readonly problems?: readonly Fault[]
    }
  | { readonly outcome: 'gone' }

/**
 * @param adopted whether this process started or adopted the cluster before and saw no exit of it since; such a
 *   cluster is not prepared again, unless something of it could not be prepared
 * @throws Fault what stood in the way, also recorded on the instance for its users to read
 */
export async function reconcileDatabaseInstance(
  ports: ReconcilePorts,
  request: { readonly uid: InstanceUid; readonly adopted: boolean },
): Promise<Reconciled> {
  const instance = await ports.store.loadInstance(request.uid)
  if (instance === undefined) return { outcome: 'gone' }
  try {
    return await work(ports, instance, request.adopted)
  } catch (error) {
    await recordFailure(ports, instance, error).catch((noteError: unknown) => {
      throw new AggregateError(
        [error, noteError],
        'work on an instance failed, and so did taking a note of it',
      )
    })
    throw error
  }
}

async function work(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
  adopted: boolean,
): Promise<Reconciled> {
  const wantsStop = effectiveStopped(instance.settings)
  switch (instance.state) {
    case 'DELETING':
      await ports.driver.destroy(instance)
      await ports.store.remove(instance.uid)
      return { outcome: 'gone' }
    case 'STARTING':
      if (!wantsStop) return run(ports, instance)
      // Created as stopped: its cluster is made all the same, so that what cannot be made shows now, not at its first start.
      if (instance.systemIdentifier === undefined) await startAndPrepare(ports, instance)
      return stop(ports, instance)
    case 'UPDATING':
      if (wantsStop) return stop(ports, instance)
      // Also after a crash in the middle: whether the running cluster has the new settings cannot be seen from here.
      await ports.driver.stop(instance)
      return run(ports, instance)
    case 'STOPPED':
      return wantsStop ? stop(ports, instance) : moveTo(ports, instance, 'STARTING', 'superseded')
    case 'AVAILABLE':
    case 'FAILING_OVER':
      if (wantsStop) return stop(ports, instance)
      if (!(await ports.driver.isRunning(instance))) {
        const lost = stateWithoutPrimary(instance)
        const starting = instance.state === lost ? instance : await ports.store.updateState(instance, lost)
        return starting === undefined ? { outcome: 'superseded', instance } : run(ports, starting)
      }
      return adopted ? keep(ports, instance) : run(ports, instance)
    default:
      return unreachable(instance.state)
  }
}

/** A cluster of several hosts is expected to choose another primary by itself. */
const stateWithoutPrimary = ({ backend }: DatabaseInstance): 'STARTING' | 'FAILING_OVER' =>
  backend.kind === 'attached' && backend.cluster.hosts.length > 1 ? 'FAILING_OVER' : 'STARTING'

async function run(ports: ReconcilePorts, instance: DatabaseInstance): Promise<Reconciled> {
  const { started, problems } = await startAndPrepare(ports, instance)
  return settle(ports, started, 'AVAILABLE', 'started', problems)
}

/** It runs, and is left alone; but what could not be prepared the last time is tried again. */
async function keep(ports: ReconcilePorts, instance: DatabaseInstance): Promise<Reconciled> {
  const problems = instance.fault === undefined ? [] : await prepare(ports, instance)
  return settle(ports, instance, 'AVAILABLE', 'running', problems)
}

const prepare = async (
  { driver, directory }: ReconcilePorts,
  instance: DatabaseInstance,
): Promise<readonly Fault[]> => driver.prepare(instance, await directory.loadPrincipal(instance.creatorId))

async function startAndPrepare(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
): Promise<{ readonly started: DatabaseInstance; readonly problems: readonly Fault[] }> {
  const { store, driver } = ports
  const cluster = await driver.start(instance)
  const started = { ...instance, ...cluster }
  const problems = await prepare(ports, started)
  // Nobody uses it yet, so nobody is in the way: an instance is complete before it is shown to anybody.
  const [problem] = problems
  if (problem !== undefined && instance.systemIdentifier === undefined) throw problem
  const isKnown =
    instance.systemIdentifier === cluster.systemIdentifier &&
    instance.pgMajorVersion === cluster.pgMajorVersion &&
    isSameBackend(instance.backend, cluster.backend)
  // Recorded only now: an identifier in the row means that the cluster was once complete.
  if (!isKnown) await store.recordCluster(instance.uid, cluster)
  return { started, problems }
}

/** Of an attached cluster only where bindings are kept is found out; the rest is what was asked for. */
function isSameBackend(known: DatabaseInstance['backend'], found: DatabaseInstance['backend']): boolean {
  return known.kind === 'embedded'
    ? found.kind === 'embedded' && known.socketDirectory === found.socketDirectory
    : found.kind === 'attached' && known.bindings === found.bindings
}

async function stop(ports: ReconcilePorts, instance: DatabaseInstance): Promise<Reconciled> {
  await ports.driver.stop(instance)
  return settle(ports, instance, 'STOPPED', 'stopped')
}

/** The work is done: no fault stands any more but that of what could not be prepared, and the state says so. */
async function settle(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
  state: InstanceState,
  outcome: 'started' | 'running' | 'stopped',
  problems: readonly Fault[] = [],
): Promise<Reconciled> {
  // Before the state: a crash in between leaves a state that brings us here again.
  const [first, ...others] = problems
  if (first !== undefined) await record(ports, instance, summaryOf(first, others))
  else if (instance.fault !== undefined) await ports.store.recordFault(instance.uid, undefined)
  const settled: Reconciled =
    instance.state === state ? { outcome, instance } : await moveTo(ports, instance, state, outcome)
  return settled.outcome === 'gone' || problems.length === 0 ? settled : { ...settled, problems }
}

/** So many are told one by one; the log has all of them. */
const TOLD_PROBLEMS = 3

function summaryOf(first: Fault, others: readonly Fault[]): Pick<Fault, 'code' | 'message' | 'nextStep'> {
  const told = others.slice(0, TOLD_PROBLEMS - 1).map(({ message }) => message)
  const more = others.length - told.length
  return {
    code: first.code,
    message: [
      first.message,
      ...told,
      ...(more > 0 ? [`${String(more)} more are in the log of Lakegate.`] : []),
    ].join(' '),
    nextStep: first.nextStep,
  }
}

async function moveTo(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
  state: InstanceState,
  outcome: 'started' | 'running' | 'stopped' | 'superseded',
): Promise<Reconciled> {
  const changed = await ports.store.updateState(instance, state)
  return changed === undefined ? { outcome: 'superseded', instance } : { outcome, instance: changed }
}

/** Users of the instance read what happened and what to do; the error itself goes on to the log. */
async function recordFailure(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
  error: unknown,
): Promise<void> {
  // When the system database is what failed, it cannot take a note of that either.
  if (error instanceof Fault && error.origin === 'store') return
  const fault =
    error instanceof Fault
      ? error
      : {
          code: 'internal_error',
          message: 'An internal error occurred.',
          nextStep: 'See the log of Lakegate.',
        }
  await record(ports, instance, fault)
}

async function record(
  { store, clock }: ReconcilePorts,
  instance: DatabaseInstance,
  { code, message, nextStep }: Pick<Fault, 'code' | 'message' | 'nextStep'>,
): Promise<void> {
  const known = instance.fault
  if (known?.code === code && known.message === message) return
  await store.recordFault(instance.uid, {
    code,
    message,
    nextStep,
    since: known?.code === code ? known.since : clock(),
  })
}
