/**
 * PostgreSQL's backup manifest (PostgreSQL, «Backup Manifest Format»): which files a backup consists of, with a SHA-256 of
 * each, and which write-ahead log it needs. Read, checked against an archive, and written for a cluster that was stopped.
 */
import { createHash } from 'node:crypto'

export interface PostgresManifest {
  readonly systemIdentifier: string | undefined
  readonly files: ReadonlyMap<string, ManifestFile>
  readonly walRanges: readonly WalRange[]
}

export interface ManifestFile {
  readonly size: number
  /** Of its content, SHA-256, hexadecimal. */
  readonly checksum: string
}

interface WalRange {
  readonly timeline: number
  readonly start: string
  readonly end: string
}

/** @throws Error when it is incomplete or was changed */
export function parsePostgresManifest(text: string): PostgresManifest {
  // The checksum is that of everything before the line in which it stands.
  const at = text.lastIndexOf('"Manifest-Checksum"')
  const manifest: unknown = JSON.parse(text)
  if (at < 0 || !isManifest(manifest)) throw new Error('it is no manifest of PostgreSQL')
  if (sha256(text.slice(0, at)) !== manifest['Manifest-Checksum'])
    throw new Error('it was changed, or is incomplete')
  return {
    systemIdentifier: /"System-Identifier":\s*(\d+)/.exec(text)?.[1],
    files: new Map(
      manifest.Files.map((file): [string, ManifestFile] => [
        file.Path ?? Buffer.from(file['Encoded-Path'] ?? '', 'hex').toString('latin1'),
        { size: file.Size, checksum: file.Checksum ?? '' },
      ]),
    ),
    walRanges: (manifest['WAL-Ranges'] ?? []).map((range) => ({
      timeline: range.Timeline,
      start: range['Start-LSN'],
      end: range['End-LSN'],
    })),
  }
}

interface WrittenManifest {
  readonly Files: readonly {
    readonly Path?: string
    readonly 'Encoded-Path'?: string
    readonly Size: number
    readonly Checksum?: string
  }[]
  readonly 'WAL-Ranges'?: readonly {
    readonly Timeline: number
    readonly 'Start-LSN': string
    readonly 'End-LSN': string
  }[]
  readonly 'Manifest-Checksum': string
}

const isManifest = (value: unknown): value is WrittenManifest =>
  typeof value === 'object' &&
  value !== null &&
  'Files' in value &&
  Array.isArray(value.Files) &&
  'Manifest-Checksum' in value

/** For a cluster that was stopped: it needs no log but that which is among its files. */
export function renderPostgresManifest(
  systemIdentifier: string | undefined,
  files: ReadonlyMap<string, ManifestFile>,
): string {
  const lines = [...files].map(([path, { size, checksum }]) =>
    JSON.stringify({ Path: path, Size: size, 'Checksum-Algorithm': 'SHA256', Checksum: checksum }),
  )
  const head = `{ "PostgreSQL-Backup-Manifest-Version": 2,\n${
    systemIdentifier === undefined ? '' : `"System-Identifier": ${systemIdentifier},\n`
  }"Files": [\n${lines.join(',\n')}\n],\n"WAL-Ranges": [],\n`
  return `${head}"Manifest-Checksum": "${sha256(head)}"}\n`
}

/** Compares the files of an archive, each told once, with what the manifest says. */
export function createManifestCheck(manifest: PostgresManifest): {
  /** @throws Error when the manifest does not know such a file */
  file(path: string, found: ManifestFile): void
  /** @throws Error when a file or a piece of the log is missing */
  end(): void
} {
  const missing = new Set(manifest.files.keys())
  const log = new Set<string>()
  return {
    file(path, found) {
      const known = manifest.files.get(path)
      if (known === undefined) {
        // The log is not in the manifest: it was written meanwhile.
        if (!path.startsWith('pg_wal/')) throw new Error(`${path} does not belong to it`)
        log.add(path.slice('pg_wal/'.length))
        return
      }
      if (!missing.delete(path)) throw new Error(`${path} is there twice`)
      if (known.size !== found.size || known.checksum !== found.checksum)
        throw new Error(`${path} is not what it was when the backup was made`)
    },
    end() {
      const [first] = missing
      if (first !== undefined)
        throw new Error(`${String(missing.size)} of its files are missing, ${first} among them`)
      for (const { timeline, start, end } of manifest.walRanges)
        for (const segment of segmentsOf(timeline, start, end))
          if (!log.has(segment)) throw new Error(`the write-ahead log ${segment} is missing`)
    },
  }
}

/** The size that initdb chooses, and Lakegate does not change. */
const SEGMENT_BYTES = 16n * 1024n * 1024n
const SEGMENTS_OF_LOG = 0x1_0000_0000n / SEGMENT_BYTES

/** File names of the log from one position to another (PostgreSQL, xlog_internal.h). */
function segmentsOf(timeline: number, start: string, end: string): readonly string[] {
  const names: string[] = []
  // A position at the very beginning of a segment needs nothing of it.
  const last = (positionOf(end) - 1n) / SEGMENT_BYTES
  for (let segment = positionOf(start) / SEGMENT_BYTES; segment <= last; segment += 1n)
    names.push(
      [BigInt(timeline), segment / SEGMENTS_OF_LOG, segment % SEGMENTS_OF_LOG]
        .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
        .join(''),
    )
  return names
}

function positionOf(position: string): bigint {
  const [high = '0', low = '0'] = position.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')
