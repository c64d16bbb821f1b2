/** PostgreSQL's backup manifest: what is missing, changed or too much in a backup is found by it. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  createManifestCheck,
  parsePostgresManifest,
  renderPostgresManifest,
} from '../../../src/instances/backup/postgres-manifest.ts'

const checksum = createHash('sha256').update('one').digest('hex')
const one = { size: 3, checksum }

/** As PostgreSQL 18 writes it. */
function written(ranges: string): string {
  const head = `{ "PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": 7712941245751371908,\n"Files": [\n{ "Path": "base/1", "Size": 3, "Last-Modified": "2026-11-27 19:51:28 GMT", "Checksum-Algorithm": "SHA256", "Checksum": "${checksum}" }\n],\n"WAL-Ranges": [\n${ranges}\n],\n`
  return `${head}"Manifest-Checksum": "${createHash('sha256').update(head).digest('hex')}"}\n`
}

const RANGE = '{ "Timeline": 1, "Start-LSN": "1/FF000028", "End-LSN": "2/1000000" }'

describe('the manifest of PostgreSQL', () => {
  it('is read: the cluster that it is of, its files, and the log that it needs', () => {
    expect(parsePostgresManifest(written(RANGE))).toEqual({
      systemIdentifier: '7712941245751371908',
      files: new Map([['base/1', one]]),
      walRanges: [{ timeline: 1, start: '1/FF000028', end: '2/1000000' }],
    })
  })

  it('that was changed is refused', () => {
    expect(() => parsePostgresManifest(written(RANGE).replace('"Size": 3', '"Size": 4'))).toThrow(
      'it was changed',
    )
  })

  it('that was cut off is refused', () => {
    expect(() => parsePostgresManifest(written(RANGE).slice(0, 300))).toThrow()
  })

  it('of a stopped cluster is read as it was written', () => {
    const text = renderPostgresManifest('7712941245751371908', new Map([['base/1', one]]))
    expect(parsePostgresManifest(text)).toMatchObject({ files: new Map([['base/1', one]]), walRanges: [] })
  })
})

describe('a backup compared with its manifest', () => {
  const check = (ranges = '') => createManifestCheck(parsePostgresManifest(written(ranges)))

  it('is complete with every file and every segment of the log', () => {
    const compared = check(RANGE)
    compared.file('base/1', one)
    // The position 2/1000000 is the very beginning of a segment, of which nothing is needed.
    compared.file('pg_wal/0000000100000001000000FF', one)
    compared.file('pg_wal/000000010000000200000000', one)
    expect(() => {
      compared.end()
    }).not.toThrow()
  })

  it('is incomplete without a file', () => {
    expect(() => {
      check().end()
    }).toThrow('base/1 among them')
  })

  it('is incomplete without a segment of the log', () => {
    const compared = check(RANGE)
    compared.file('base/1', one)
    compared.file('pg_wal/0000000100000001000000FF', one)
    expect(() => {
      compared.end()
    }).toThrow('000000010000000200000000 is missing')
  })

  it.each([
    ['that was changed', 'base/1', { ...one, checksum: 'other' }, 'is not what it was'],
    ['of another size', 'base/1', { ...one, size: 4 }, 'is not what it was'],
    ['that does not belong to it', 'base/2', one, 'does not belong'],
  ])('is refused with a file %s', (_what, path, found, words) => {
    expect(() => {
      check().file(path, found)
    }).toThrow(words)
  })

  it('is refused with a file that is there twice', () => {
    const compared = check()
    compared.file('base/1', one)
    expect(() => {
      compared.file('base/1', one)
    }).toThrow()
  })
})
