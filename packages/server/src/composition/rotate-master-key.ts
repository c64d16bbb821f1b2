/**
 * `lakegate keys rotate --master-key`: a new master key, and everything sealed anew under it, while nothing runs.
 *
 * In this order, so that whatever is killed, the next start opens everything with the keys of the file: the new key is
 * put before the old one into the file; everything is sealed anew in one transaction; the old key goes from the file.
 * Two keys in the file therefore say that a rotation was begun, and it is then ended with them.
 */
import { hostname, userInfo } from 'node:os'
import type { RotateMasterKey } from '../cli/keys.ts'
import { Fault } from '../domain/fault.ts'
import { createKeyEncryption } from '../keys/key-encryption.ts'
import { addMasterKey, dropFormerMasterKeys, loadMasterKey } from '../keys/master-key.ts'
import { createAuditStore } from '../store/audit-records.ts'
import type { AuditEntry } from '../operations/ports/audit.ts'
import { sealAllAnew, tryMasterKey } from '../store/sealed-columns.ts'
import { dataDirectoryHere, masterKeyFileIn } from './data-directory.ts'
import { prepareMachine } from './machine.ts'
import { openProcessLog } from './process-log.ts'
import { startSystemDatabase } from './system-database.ts'

export const rotateMasterKey: RotateMasterKey = async (settings) => {
  const log = openProcessLog(settings)
  const file = masterKeyFileIn(settings, dataDirectoryHere(settings))
  // Before anything is made in a data directory, which may be the wrong one.
  const found = await loadMasterKey(file)
  const machine = await prepareMachine(settings)
  const refuseToMake = (missing: string) => Promise.resolve(nothingToRotate(`${missing} is not there`))
  const system = await startSystemDatabase(machine, settings['database-url'].value, refuseToMake, log)
  try {
    // Before the file is touched: not while somebody else holds the key, not with one that does not fit, and not in an
    // empty database that a wrong URL names.
    if ((await tryMasterKey(system.database, createKeyEncryption(found))) === 0)
      throw nothingToRotate('It holds nothing that is encrypted')
    const isUnfinished = found.length > 1
    const begun = isUnfinished ? undefined : await addMasterKey(file, found, new Date())
    const masterKeys = begun?.masterKeys ?? found
    const count = await sealAllAnew(system.database, {
      open: createKeyEncryption(masterKeys),
      sealed: createKeyEncryption([masterKeys[0]]),
    })
    await createAuditStore(system.database).appendRecords([
      { at: new Date(), entry: describeRotation(count) },
    ])
    await dropFormerMasterKeys(file, masterKeys)
    return { file, formerFile: begun?.keptAt, count }
  } finally {
    await system.stop()
  }
}

const describeRotation = (count: number): AuditEntry => ({
  event: 'rotate_master_key',
  outcome: 'admitted',
  detail: `${String(count)} values, on ${hostname()} by the account ${userInfo().username}`,
})

const nothingToRotate = (what: string): Fault =>
  new Fault({
    code: 'installation_missing',
    origin: 'configuration',
    message: `There is no installation in this system database: ${what}.`,
    nextStep:
      'Name the data directory of the installation with LAKEGATE_DATA_DIR, or its external system database with LAKEGATE_DATABASE_URL.',
  })
