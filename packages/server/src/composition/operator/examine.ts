/** `lakegate doctor`: every check, one after the other, each on its own: one that cannot be made is a finding itself. */
import type { Examine, Finding } from '../../cli/operator/doctor.ts'
import type { LoadedSettings } from '../../config/load.ts'
import { Fault } from '../../domain/fault.ts'
import { chooseAccount } from '../../instances/embedded/operating-system-account.ts'
import { dataDirectoryHere } from '../data-directory.ts'
import { ownerOfClusters } from '../machine.ts'
import { checkCertificates } from './checks/certificates.ts'
import { checkClock } from './checks/clock.ts'
import { checkDisk } from './checks/disk.ts'
import { wrong, type CheckContext } from './checks/finding.ts'
import { checkInstances } from './checks/instances.ts'
import { checkNames } from './checks/names.ts'
import { checkPorts } from './checks/ports.ts'
import { checkRuntime } from './checks/runtime.ts'
import { checkSettings } from './checks/settings.ts'
import { checkSystemDatabase, openForChecks } from './checks/system-database.ts'
import { listRunning } from './running-processes.ts'

type Check = (context: CheckContext) => Promise<readonly Finding[]>

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['runtime', checkRuntime],
  ['settings', checkSettings],
  ['disk', checkDisk],
  ['ports', checkPorts],
  ['certificates', checkCertificates],
  ['system database', checkSystemDatabase],
  ['clock', checkClock],
  ['instances', checkInstances],
  ['names', checkNames],
]

export const examine: Examine = async (settings) => {
  const { context, close } = await prepare(settings)
  try {
    const findings: Finding[] = []
    for (const [name, check] of CHECKS) findings.push(...(await run(name, () => check(context))))
    return findings
  } finally {
    await close()
  }
}

async function prepare(
  settings: LoadedSettings,
): Promise<{ readonly context: CheckContext; readonly close: () => Promise<void> }> {
  const dataDirectory = dataDirectoryHere(settings)
  const opened = await openForChecks(settings)
  return {
    context: {
      ...{ settings, dataDirectory, now: new Date() },
      running: await listRunning(dataDirectory),
      account: await accountHere(settings, dataDirectory),
      systemDatabase: opened,
    },
    close: async () => {
      if (opened.state === 'open') await opened.database.destroy()
    },
  }
}

/** A start says what is wrong with the account; here that is a finding of the runtime. */
async function accountHere(
  settings: LoadedSettings,
  dataDirectory: string,
): Promise<CheckContext['account']> {
  try {
    return chooseAccount(settings['postgres-account'].value, await ownerOfClusters(dataDirectory))
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

async function run(name: string, check: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await check()
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const next = error instanceof Fault ? error.nextStep : undefined
    return [wrong(name, said, next ?? 'Run the command as the account that runs Lakegate.')]
  }
}
