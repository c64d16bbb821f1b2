/** Writes the events of the instance supervisor as log lines. */
import { Fault } from '../domain/fault.ts'
import { unreachable } from '../domain/unreachable.ts'
import type { SupervisorEvent } from '../instances/supervisor-settings.ts'
import type { Log } from '../observation/log.ts'

export function reportSupervision(log: Log, event: SupervisorEvent): void {
  switch (event.event) {
    case 'reconciled':
      log.info({ instance: event.uid, outcome: event.outcome }, 'database instance reconciled')
      return
    case 'not_prepared':
      log.error(
        { instance: event.uid, ...describe(event.problem), retryInMs: event.retryInMs },
        `a part of a database instance cannot be prepared: ${event.problem.message}`,
      )
      return
    case 'postmaster_exited':
      log.warn(
        { instance: event.uid, restartInMs: event.restartInMs },
        'the postmaster of a database instance ended',
      )
      return
    case 'reconcile_failed':
      log.error(
        { instance: event.uid, ...describe(event.error), retryInMs: event.retryInMs },
        'a database instance cannot be brought to its wanted state',
      )
      return
    case 'inspection_failed':
    case 'stop_failed':
      log.error({ instance: event.uid, ...describe(event.error) }, `database instance: ${event.event}`)
      return
    case 'recheck_failed':
      log.error(describe(event.error), 'the list of database instances cannot be read')
      return
    default:
      unreachable(event)
  }
}

const describe = (error: unknown) =>
  error instanceof Fault ? { err: error, code: error.code, nextStep: error.nextStep } : { err: error }
