/**
 * Whether a cluster's directory may be used, and whether a cluster may be made in it. A cluster that existed before is
 * never made again: the error names what is lost, its path and what to do (DESIGN §8).
 */
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import { readMarker, renderMarker, writeMarker } from './marker.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { followOwnLink, isPassable, makeOwnDirectory } from './own-directories.ts'
import { isThere } from './own-files.ts'
import { placesOf, type ClusterPlaces } from './places.ts'

export interface Claim {
  /** The system identifier that the cluster must have, if it is known. */
  readonly systemIdentifier: string | undefined
  readonly isInMarker: boolean
}

/**
 * Claims the directory for this cluster. An empty directory is claimed unless there is a reason against it; then the
 * cluster may be made in it. Nothing is changed when the claim is refused.
 * @throws Fault data_directory_lost, foreign_data_directory, directory_of_another_account, …
 */
export async function claimDirectory(definition: ClusterDefinition): Promise<Claim> {
  const { id, directory, account, expectedIdentifier } = definition
  if (await isThere(directory)) {
    // Checked before anything is changed, so that nothing that belongs to somebody else is touched.
    await inspect(definition)
  } else {
    await requireNew(definition, directory, expectedIdentifier)
    await makeParent(directory, account)
  }
  // From here on nobody else can change anything in it, so the second inspection is reliable.
  await makeOwnDirectory(directory, account)
  const { claim, isMarked } = await inspect(definition)
  if (!isMarked) await writeMarker(placesOf(directory).marker, { id, systemIdentifier: undefined })
  return claim
}

/** @throws Fault when the directory does not belong to this cluster, and cannot be claimed */
async function inspect(
  definition: ClusterDefinition,
): Promise<{ readonly claim: Claim; readonly isMarked: boolean }> {
  const { id, directory, account, expectedIdentifier } = definition
  const places = placesOf(directory)
  const marker = await readMarker(places.marker, [account.uid, process.getuid?.() ?? account.uid])
  const data = await inspectData(places, account)
  const isMarked = marker.state === 'read'
  const marked = isMarked ? marker.systemIdentifier : undefined
  const known = expectedIdentifier ?? marked
  if (isMarked && marker.id !== id) throw foreign(directory, `it belongs to ${marker.id}`)
  if (data.state === 'complete') {
    if (!isMarked) throw withoutMarker(places, { id, systemIdentifier: known })
    if (data.uid !== account.uid) throw ofAnotherAccount(places.data, data.uid, account)
  } else {
    await requireNew(definition, isMarked ? places.data : directory, known)
    if (data.state === 'hollow') throw foreign(directory, `${places.data} is there, and holds no PostgreSQL`)
  }
  return { claim: { systemIdentifier: known, isInMarker: marked !== undefined }, isMarked }
}

async function makeParent(directory: string, account: OperatingSystemAccount): Promise<void> {
  const parent = path.dirname(directory)
  if (!(await isThere(parent)) || !(await isPassable(parent, account)))
    await makeOwnDirectory(parent, account)
}

/** @throws Fault when anything shows that the cluster existed before */
async function requireNew(
  { refuseToMake }: ClusterDefinition,
  missing: string,
  known: string | undefined,
): Promise<void> {
  if (known !== undefined) {
    throw lost(
      `${missing} is gone or empty, but the PostgreSQL cluster in it existed before (system identifier ${known}).`,
    )
  }
  const refusal = await refuseToMake?.(missing)
  if (refusal !== undefined) throw refusal
}

/** `hollow`: a directory without PostgreSQL in it, for example where a volume is not mounted. */
async function inspectData(
  { data }: ClusterPlaces,
  account: OperatingSystemAccount,
): Promise<{ readonly state: 'absent' | 'hollow' } | { readonly state: 'complete'; readonly uid: number }> {
  if (!(await isThere(data))) return { state: 'absent' }
  const found = await lstat(await followOwnLink(data, account))
  if (!found.isDirectory()) throw foreign(path.dirname(data), `${data} is not a directory`)
  if (!(await isThere(path.join(data, 'PG_VERSION')))) return { state: 'hollow' }
  return { state: 'complete', uid: found.uid }
}

const ofAnotherAccount = (data: string, uid: number, { name }: OperatingSystemAccount): Fault =>
  new Fault({
    code: 'directory_of_another_account',
    origin: 'configuration',
    message: `The data directory ${data} belongs to another account (user id ${String(uid)}) than PostgreSQL is to run as (${name}).`,
    nextStep: `Name its account with LAKEGATE_POSTGRES_ACCOUNT, or give it to the new one: chown -R ${name} ${data}`,
  })

const lost = (message: string): Fault =>
  new Fault({
    code: 'data_directory_lost',
    origin: 'machine',
    message,
    nextStep:
      'Mount or restore it, and it is used again; Lakegate never replaces a lost database by an empty one.',
  })

export function foreign(directory: string, reason: string): Fault {
  return new Fault({
    code: 'foreign_data_directory',
    origin: 'configuration',
    message: `${directory} is not the directory of this cluster: ${reason}.`,
    nextStep: 'Move what is there away, or choose another data directory with LAKEGATE_DATA_DIR.',
  })
}

function withoutMarker(
  { directory, marker }: ClusterPlaces,
  content: Parameters<typeof renderMarker>[0],
): Fault {
  return new Fault({
    code: 'foreign_data_directory',
    origin: 'configuration',
    message: `${directory} is not the directory of this cluster: it holds a data directory that Lakegate did not make, or whose marker ${marker} was lost.`,
    nextStep: `Move it away if it is somebody else’s. If you know it to be this cluster’s, put the marker back: ${renderMarker(content).trim()}`,
  })
}
