/** The fourth phase of a start: database instances are started, supervised, and accept logins. */
import { randomUUID } from 'node:crypto'
import type { InstanceUid } from '../domain/ids.ts'
import { createFirstInstance } from '../operations/instances/create-first-instance.ts'
import { nameInstances, settleInstances, supervise, type SettledInstances } from './instances.ts'
import type { Shutdown } from './shutdown.ts'
import type { StartContext } from './start-foundation.ts'
import type { Serving } from './start-serving.ts'
import { superviseWhenAlone } from './supervision.ts'

export async function startInstances(
  { foundation, installation, isFirstStart, settings, log }: StartContext,
  { controlPlane, gateway }: Serving,
  shutdown: Shutdown,
): Promise<SettledInstances> {
  const { supervisor } = controlPlane
  if (gateway !== undefined) {
    // Stopped in reverse order: the gateway accepts nobody new, PostgreSQL ends the open sessions (57P01), then it
    // stops.
    shutdown.add('database instances', () => supervisor.stop({ stopInstances: true }))
    shutdown.add('gateway', () => gateway.drain())
  }
  if (isFirstStart)
    await createFirstInstance(
      {
        store: foundation.stores.instances,
        listeners: foundation.listeners,
        supervisor,
        clock: foundation.clock,
        newInstanceUid: () => randomUUID() as InstanceUid,
        encryption: foundation.encryption,
        localInstances: settings['local-instances'].value,
      },
      installation,
      settings['first-instance'].value,
    )
  if (gateway === undefined) {
    await nameInstances(foundation)
    const supervision = superviseWhenAlone({
      address: foundation.address,
      log,
      begin: () => supervise(controlPlane),
    })
    shutdown.add('supervision', () => supervision.stop())
  } else {
    await supervisor.start()
    await gateway.reconcileListeners()
  }
  // Runs before the gateway waits for its sessions to end: these are ended now, and their browsers are told why.
  shutdown.add('sessions of the SQL editor', () => {
    controlPlane.endSqlSessions()
    return Promise.resolve()
  })
  return settleInstances(foundation, installation.workspace.id, isFirstStart)
}
