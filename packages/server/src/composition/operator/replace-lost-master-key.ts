/**
 * `lakegate keys replace-lost`: the master key is lost for good. What it encrypted cannot be read by anybody; it is removed
 * and made anew under a new key, while nothing runs. Everything else stays: identities, groups, permissions, passwords,
 * secrets and personal access tokens are hashes or in clear, and the data of instances never was encrypted with it.
 *
 * In this order it can be killed at any moment and run again: the key that fits nothing is moved aside, a new one is
 * made, what the lost one encrypted is removed, keys and authorities are made.
 */
import path from 'node:path'
import type { LostKeyReport, ReplaceLostMasterKey } from '../../cli/keys.ts'
import { Fault } from '../../domain/fault.ts'
import { writeReadableFile } from '../../instances/embedded/own-files.ts'
import { createCertificateAuthority } from '../../keys/certificate-authority.ts'
import { createClientCertificates } from '../../keys/client-certificates.ts'
import { createKeyEncryption, type MasterKeys } from '../../keys/key-encryption.ts'
import { holdsNoKeys, loadMasterKey, loadOrMakeMasterKey, moveUnfitMasterKey } from '../../keys/master-key.ts'
import { createSigningKeys } from '../../keys/signing-keys.ts'
import { createAuditStore } from '../../store/audit-records.ts'
import { createInstallationStore } from '../../store/installation.ts'
import { createInstanceStore } from '../../store/instances.ts'
import { confirmMasterKeyUnused, removeSealedRows, tryMasterKey } from '../../store/sealed-columns.ts'
import { createCertificateAuthorityStore, createSigningKeyStore } from '../../store/signing-keys.ts'
import type { SystemDatabase } from '../../store/system-database.ts'
import { dataDirectoryHere, masterKeyFileIn } from '../data-directory.ts'
import { prepareMachine } from '../machine.ts'
import { openProcessLog } from '../process-log.ts'
import { startSystemDatabase } from '../system-database.ts'
import { whoHere } from './who-here.ts'

export const replaceLostMasterKey: ReplaceLostMasterKey = async (settings) => {
  const file = masterKeyFileIn(settings, dataDirectoryHere(settings))
  const machine = await prepareMachine(settings)
  const nothing = (missing: string) => Promise.resolve(nothingThere(`${missing} is not there`))
  const system = await startSystemDatabase(
    machine,
    settings['database-url'].value,
    nothing,
    openProcessLog(settings),
  )
  try {
    const installation = await createInstallationStore(system.database).loadInstallation()
    if (installation === undefined) throw nothingThere('it holds no account')
    // Before any file is moved or made.
    await confirmMasterKeyUnused(system.database)
    const isUsed = await isUsable(system.database, file)
    const keptAt = isUsed ? undefined : await moveUnfitMasterKey(file, new Date())
    const masterKeys = await loadOrMakeMasterKey(file, () => Promise.resolve(true))
    await removeSealedRows(system.database)
    const authorityPem = await makeKeys(system.database, masterKeys)
    const caFile = path.join(machine.dataDirectory, 'ca.pem')
    await writeReadableFile(caFile, authorityPem)
    await createAuditStore(system.database).appendRecords([
      { at: new Date(), entry: { event: 'replace_master_key', outcome: 'admitted', detail: whoHere() } },
    ])
    return { file, keptAt, caFile, attached: await listAttached(system.database) }
  } finally {
    await system.stop()
  }
}

/**
 * True when the file holds a key under which nothing was encrypted yet: an earlier run was killed.
 * @throws Fault master_key_not_lost when it is the right key, master_key_unreadable when it may be
 */
async function isUsable(database: SystemDatabase, file: string): Promise<boolean> {
  try {
    const count = await tryMasterKey(database, createKeyEncryption(await loadMasterKey(file)))
    if (count === 0) return true
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (UNFIT.includes(error.code)) return false
    if (error.code !== 'master_key_unusable') throw error
    if (holdsNoKeys(error)) return false
    throw unreadable(error)
  }
  throw new Fault({
    code: 'master_key_not_lost',
    origin: 'configuration',
    message: `The master key in ${file} is not lost: everything encrypted can be read with it.`,
    nextStep:
      'Start Lakegate. To replace the key without losing anything, use `lakegate keys rotate --master-key`.',
  })
}

const UNFIT: readonly string[] = ['master_key_lost', 'master_key_does_not_fit']

/** What it encrypted would be removed for good, and the key may be there all the same. */
const unreadable = (cause: Fault): Fault =>
  new Fault({
    code: 'master_key_unreadable',
    origin: 'configuration',
    message: `${cause.message} So nobody knows whether the master key is lost, and nothing was changed.`,
    nextStep:
      'Make the file readable for the account that runs this command, and closed to others. If it is really lost, move away what has its name.',
    cause,
  })

/** @returns the certificate of the new authority of the servers */
async function makeKeys(database: SystemDatabase, masterKeys: MasterKeys): Promise<string> {
  const parts = { encryption: createKeyEncryption(masterKeys), clock: () => new Date() }
  await createSigningKeys({ ...parts, store: createSigningKeyStore(database) }).start()
  const authority = createCertificateAuthority({ ...parts, store: createCertificateAuthorityStore(database) })
  await authority.start()
  await createClientCertificates({ ...parts, store: createCertificateAuthorityStore(database, 2) }).start()
  return authority.certificatePem()
}

async function listAttached(database: SystemDatabase): Promise<LostKeyReport['attached']> {
  const instances = await createInstanceStore(database).listAll()
  return instances.flatMap(({ name, backend }) =>
    backend.kind === 'attached'
      ? [{ name, backendAuthentication: backend.cluster.backendAuthentication }]
      : [],
  )
}

const nothingThere = (what: string): Fault =>
  new Fault({
    code: 'installation_missing',
    origin: 'configuration',
    message: `There is no installation in this system database: ${what}.`,
    nextStep:
      'Name the data directory of the installation with LAKEGATE_DATA_DIR, or its external system database with LAKEGATE_DATABASE_URL.',
  })
