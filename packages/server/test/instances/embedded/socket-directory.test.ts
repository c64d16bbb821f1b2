import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  ownSocketDirectoryOf,
  socketDirectoryOf,
  socketIn,
} from '../../../src/instances/embedded/socket-directory.ts'

/** Of sockaddr_un, with the NUL, where it is shortest: macOS. */
const LIMIT = 104
const LONG = `/srv/${'d'.repeat(90)}`

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each([
  ['a cluster', socketDirectoryOf, 'socket'],
  [
    'the live question',
    (directory: string) => ownSocketDirectoryOf(path.join(directory, 'inquiry')),
    'inquiry',
  ],
] as const)('the directory of the socket of %s', (_whose, directoryOf, name) => {
  it('is below its own when the path of the socket fits', () => {
    expect(directoryOf('/srv/lakegate')).toBe(`/srv/lakegate/${name}`)
  })

  it.each(Array.from({ length: 30 }, (_, index) => 55 + index))(
    'has room for the socket and its lock file behind a directory of %i bytes',
    (length) => {
      const lock = `${socketIn(directoryOf(`/${'d'.repeat(length - 1)}`))}.lock`
      expect(Buffer.byteLength(lock)).toBeLessThan(LIMIT)
    },
  )

  it('is the same at every start, and another for another directory', () => {
    expect(directoryOf(LONG)).toBe(directoryOf(LONG))
    expect(path.dirname(directoryOf(LONG))).toBe(tmpdir())
    expect(directoryOf(LONG)).not.toBe(directoryOf(`${LONG}2`))
  })

  it('is refused with what to do when the temporary directory is too long as well', () => {
    vi.stubEnv('TMPDIR', LONG)
    expect(() => directoryOf(LONG)).toThrow(/both too long for a Unix socket/)
  })
})
