/** `lakegate-cluster.json`: says whose cluster a directory holds, and the identity of that cluster once known. */
import { randomUUID } from 'node:crypto'
import { access, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'

const MARKER = 'lakegate-cluster.json'

export type Marker =
  | { readonly state: 'unclaimed' }
  | { readonly state: 'foreign' }
  | {
      readonly state: 'claimed'
      readonly id: string
      readonly systemIdentifier: string | undefined
      readonly hasData: boolean
    }

/** A directory with data and without a readable marker is somebody else's. */
export async function readMarker(directory: string, data: string): Promise<Marker> {
  const hasData = await access(data).then(
    () => true,
    () => false,
  )
  let text: string
  try {
    text = await readFile(path.join(directory, MARKER), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { state: hasData ? 'foreign' : 'unclaimed' }
    throw error
  }
  const marker: unknown = JSON.parse(text)
  if (typeof marker !== 'object' || marker === null || !('id' in marker) || typeof marker.id !== 'string')
    return { state: 'foreign' }
  const identifier =
    'systemIdentifier' in marker && typeof marker.systemIdentifier === 'string'
      ? marker.systemIdentifier
      : undefined
  return { state: 'claimed', id: marker.id, systemIdentifier: identifier, hasData }
}

/** Whole or not at all, and on the disk before it counts. */
export async function writeMarker(
  directory: string,
  marker: { readonly id: string; readonly systemIdentifier: string | undefined },
): Promise<void> {
  const unfinished = path.join(directory, `${MARKER}.${randomUUID()}`)
  const file = await open(unfinished, 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path.join(directory, MARKER))
}
