/** `lakegate-cluster.json`: says to which cluster a directory belongs, and its system identifier once it is known. */
import { readEnd, writeOwnFile } from './own-files.ts'

export type Marker =
  | { readonly state: 'none' }
  | { readonly state: 'unreadable' }
  | {
      readonly state: 'read'
      readonly id: string
      readonly systemIdentifier: string | undefined
    }

const LONGEST = 4096

/** @param owners the accounts that may have written it */
export async function readMarker(file: string, owners: readonly number[]): Promise<Marker> {
  const text = await readEnd(file, LONGEST, owners)
  if (text === undefined) return { state: 'none' }
  const marker = parse(text)
  if (typeof marker !== 'object' || marker === null || !('id' in marker) || typeof marker.id !== 'string')
    return { state: 'unreadable' }
  const systemIdentifier =
    'systemIdentifier' in marker && typeof marker.systemIdentifier === 'string'
      ? marker.systemIdentifier
      : undefined
  return { state: 'read', id: marker.id, systemIdentifier }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Truncated or overwritten: it does not say to which cluster the directory belongs.
    return undefined
  }
}

export const writeMarker = (
  file: string,
  marker: { readonly id: string; readonly systemIdentifier: string | undefined },
): Promise<void> => writeOwnFile(file, renderMarker(marker))

/** Shown to the operator, who may have to restore the marker. */
export const renderMarker = (marker: {
  readonly id: string
  readonly systemIdentifier: string | undefined
}): string => `${JSON.stringify(marker)}\n`
