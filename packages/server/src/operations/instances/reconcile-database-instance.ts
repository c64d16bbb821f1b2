/**
 * Brings one database instance to its wanted state: creates, starts, restarts, stops or destroys its cluster and then
 * records the result. Every step can be repeated, so after a crash at any point calling this again is enough: the state
 * is changed only after the work that it stands for (behaviour 63).
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
 * How one step ended. `started`: this step started, restarted or adopted the cluster; `running`: it was running before.
 * `superseded`: the instance was changed meanwhile, so another step is due.
 */
export type Reconciled =
  | {
      readonly outcome: 'started' | 'running' | 'stopped' | 'superseded'
      readonly instance: DatabaseInstance
      /** What could not be prepared in a running cluster; its users can read it, and preparing is tried again later. */
      readonly problems?: readonly Fault[]
    }
  | { readonly outcome: 'gone' }

/**
 * @param adopted whether this process started or adopted the cluster before and has seen no exit since; such a cluster
 * is prepared again only if something could not be prepared before
 * @throws Fault the obstacle, which is also recorded on the instance for its users to read
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
        'work on an instance failed, and so did recording the failure',
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
      // Created as stopped: its cluster is created anyway, so that an obstacle shows now and not at its first start.
      if (instance.systemIdentifier === undefined) await startAndPrepare(ports, instance)
      return stop(ports, instance)
    case 'UPDATING':
      if (wantsStop) return stop(ports, instance)
      // Also after a crash in between: it cannot be seen from here whether the running cluster has the new settings.
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

/** A cluster with several hosts is expected to fail over to another primary by itself. */
const stateWithoutPrimary = ({ backend }: DatabaseInstance): 'STARTING' | 'FAILING_OVER' =>
  backend.kind === 'attached' && backend.cluster.hosts.length > 1 ? 'FAILING_OVER' : 'STARTING'

async function run(ports: ReconcilePorts, instance: DatabaseInstance): Promise<Reconciled> {
  const { started, problems } = await startAndPrepare(ports, instance)
  return settle(ports, started, 'AVAILABLE', 'started', problems)
}

/** The cluster runs and is left alone; but what could not be prepared last time is tried again. */
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
  // A new instance is not in use yet and can simply fail: it is complete before it is shown to anyone.
  const [problem] = problems
  if (problem !== undefined && instance.systemIdentifier === undefined) throw problem
  const isKnown =
    instance.systemIdentifier === cluster.systemIdentifier &&
    instance.pgMajorVersion === cluster.pgMajorVersion &&
    isSameBackend(instance.backend, cluster.backend)
  // Recorded only now: an identifier in the row means that the cluster has once been complete.
  if (!isKnown) await store.recordCluster(instance.uid, cluster)
  return { started, problems }
}

/** For an attached cluster only the place where bindings are kept is discovered; the rest is as requested. */
function isSameBackend(known: DatabaseInstance['backend'], found: DatabaseInstance['backend']): boolean {
  return known.kind === 'embedded'
    ? found.kind === 'embedded' && known.socketDirectory === found.socketDirectory
    : found.kind === 'attached' && known.bindings === found.bindings
}

async function stop(ports: ReconcilePorts, instance: DatabaseInstance): Promise<Reconciled> {
  await ports.driver.stop(instance)
  return settle(ports, instance, 'STOPPED', 'stopped')
}

/** The work is done: clears the fault, unless something could not be prepared, and records the state. */
async function settle(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
  state: InstanceState,
  outcome: 'started' | 'running' | 'stopped',
  problems: readonly Fault[] = [],
): Promise<Reconciled> {
  // Before the state: a crash in between leaves a state that leads here again.
  const [first, ...others] = problems
  if (first !== undefined) await record(ports, instance, summaryOf(first, others))
  else if (instance.fault !== undefined) await ports.store.recordFault(instance.uid, undefined)
  const settled: Reconciled =
    instance.state === state ? { outcome, instance } : await moveTo(ports, instance, state, outcome)
  return settled.outcome === 'gone' || problems.length === 0 ? settled : { ...settled, problems }
}

/** How many problems the message names; the log has all of them. */
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

/** Users of the instance read what happened and what to do; the error itself goes to the log. */
async function recordFailure(
  ports: ReconcilePorts,
  instance: DatabaseInstance,
  error: unknown,
): Promise<void> {
  // When the system database itself failed, the fault cannot be recorded there.
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
