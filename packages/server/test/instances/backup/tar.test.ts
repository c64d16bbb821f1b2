/** Archives of a backup: what is written is read again, and nothing in one leads out of the directory of a restore. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTar, TAR_END, tarHeader, tarPadding } from '../../../src/instances/backup/tar.ts'

const file = (name: string, content: string): Buffer =>
  Buffer.concat([
    tarHeader(name, { size: content.length, isDirectory: false }),
    Buffer.from(content),
    tarPadding(content.length),
  ])

/** In pieces of this size, as a disk or a socket may give them. */
async function* inPieces(archive: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += size)
    yield await Promise.resolve(archive.subarray(at, at + size))
}

async function read(archive: Buffer, size = 100): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { path: name, isDirectory, content } of readTar(inPieces(archive, size))) {
    let text = ''
    for await (const chunk of content) text += chunk.toString('utf8')
    found.push(isDirectory ? `${name}/` : `${name}: ${text}`)
  }
  return found
}

/** A header whose checksum fits. */
function headerWith(change: (header: Buffer) => void): Buffer {
  const header = tarHeader('name', { size: 0, isDirectory: false })
  change(header)
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([header, TAR_END])
}

describe('an archive', () => {
  const archive = Buffer.concat([
    tarHeader('base', { size: 0, isDirectory: true }),
    file('base/1', 'one'),
    file('empty', ''),
    file('long', 'x'.repeat(1500)),
    TAR_END,
  ])
  const content = ['base/', 'base/1: one', 'empty: ', `long: ${'x'.repeat(1500)}`]

  it.each([1, 7, 512, 100_000])('is read in pieces of %i bytes as it was written', async (size) => {
    await expect(read(archive, size)).resolves.toEqual(content)
  })

  it('is one that tar(1) reads, and reads what tar(1) writes', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-tar-'))
    try {
      const ours = path.join(directory, 'ours.tar')
      await writeFile(ours, archive)
      execFileSync('tar', ['-xf', ours, '-C', directory])
      await expect(readFile(path.join(directory, 'base/1'), 'utf8')).resolves.toBe('one')
      const theirs = path.join(directory, 'theirs.tar')
      execFileSync('tar', ['--format=ustar', '-cf', theirs, '-C', directory, 'base', 'long'])
      await expect(read(await readFile(theirs), 4096)).resolves.toEqual([
        'base/',
        'base/1: one',
        `long: ${'x'.repeat(1500)}`,
      ])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it('keeps the size of a file above 8 GiB', async () => {
    const size = 20 * 1024 ** 3
    const entries = readTar(inPieces(tarHeader('large', { size, isDirectory: false }), 512))
    const first = await entries.next()
    expect(first.value).toMatchObject({ path: 'large', size })
  })

  it.each([
    ['a path upwards', (header: Buffer) => header.write('../out\0', 0), 'leads out of it'],
    ['a path in the middle upwards', (header: Buffer) => header.write('a/../../b\0', 0), 'leads out of it'],
    ['a path from the root', (header: Buffer) => header.write('/etc/passwd\0', 0), 'leads out of it'],
    ['a symbolic link', (header: Buffer) => header.write('2', 156), 'neither a file nor a directory'],
    ['a hard link', (header: Buffer) => header.write('1', 156), 'neither a file nor a directory'],
    ['another format', (header: Buffer) => header.write('other', 257), 'no tar archive'],
  ])('with %s is refused', async (_what, change, words) => {
    await expect(read(headerWith(change))).rejects.toThrow(words)
  })

  it('with a header that was changed is refused', async () => {
    const spoilt = Buffer.from(archive)
    spoilt.write('B', 0)
    await expect(read(spoilt)).rejects.toThrow('checksum')
  })

  it('that ends too early is refused', async () => {
    await expect(read(archive.subarray(0, 1100))).rejects.toThrow('ends too early')
    await expect(read(archive.subarray(0, 512))).rejects.toThrow('ends too early')
  })
})
