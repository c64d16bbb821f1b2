/**
 * `lakegate keys rotate --master-key`: makes a new master key and encrypts everything again under it, while nothing
 * runs.
 *
 * The order lets the next start decrypt everything with the keys in the file, whenever the rotation is killed: first
 * the new key is put before the old one in the file; then everything is encrypted again in one transaction; then the
 * old key is removed from the file. Two keys in the file therefore mean that a rotation was begun, and `lakegate keys
 * rotate --master-key` then finishes that rotation.
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
  // Loaded before anything is made in the data directory, which may be the wrong one.
  const found = await loadMasterKey(file)
  const machine = await prepareMachine(settings)
  const refuseToMake = (missing: string) => Promise.resolve(nothingToRotate(`${missing} is not there`))
  const system = await startSystemDatabase(machine, settings['database-url'].value, refuseToMake, log)
  try {
    // Checked before the file is changed: another Lakegate may run, the key may not fit, or a wrong URL may name an
    // empty database.
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
