/**
 * Archives in the ustar format (POSIX.1-1988), as PostgreSQL sends a base backup: files, directories and nothing else. A
 * link is an error, because an archive with one could lead a restore to any place of the machine.
 */

const BLOCK = 512
/** The largest size that eleven octal digits hold. */
const LARGEST_OCTAL = 0o77777777777

export interface TarEntry {
  /** Relative to the archive, with `/` between names; never leads out of it. */
  readonly path: string
  readonly isDirectory: boolean
  readonly size: number
  /** Must be read to its end before the next entry is asked for; the reader does so otherwise. */
  readonly content: AsyncIterable<Buffer>
}

/** @throws Error when it is no such archive, ends too early, or holds anything but files and directories */
export async function* readTar(archive: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const source = createSource(archive)
  for (;;) {
    const header = await source.take(BLOCK)
    if (header.every((byte) => byte === 0)) {
      for await (const rest of source.all())
        if (rest.some((byte) => byte !== 0)) throw new Error('there is something behind its end')
      return
    }
    const { path, size, isDirectory } = parseHeader(header)
    let left = size
    const content = (async function* () {
      while (left > 0) {
        const chunk = await source.takeUpTo(left)
        left -= chunk.length
        yield chunk
      }
    })()
    yield { path, size, isDirectory, content }
    // A file that nobody read.
    for await (const _chunk of content);
    await source.take(paddingOf(size))
  }
}

interface Source {
  take(length: number): Promise<Buffer>
  takeUpTo(length: number): Promise<Buffer>
  all(): AsyncGenerator<Buffer>
}

function createSource(archive: AsyncIterable<Buffer>): Source {
  const chunks = archive[Symbol.asyncIterator]()
  let current: Buffer = Buffer.alloc(0)
  const fill = async (): Promise<boolean> => {
    while (current.length === 0) {
      const next = await chunks.next()
      if (next.done === true) return false
      current = next.value
    }
    return true
  }
  const takeUpTo = async (length: number): Promise<Buffer> => {
    if (!(await fill())) throw new Error('it ends too early')
    const taken = current.subarray(0, length)
    current = current.subarray(taken.length)
    return taken
  }
  return {
    takeUpTo,
    async take(length) {
      const parts: Buffer[] = []
      for (let left = length; left > 0;) {
        const part = await takeUpTo(left)
        left -= part.length
        parts.push(part)
      }
      return Buffer.concat(parts)
    },
    async *all() {
      while (await fill()) {
        yield current
        current = Buffer.alloc(0)
      }
    },
  }
}

const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK

function parseHeader(header: Buffer): { path: string; size: number; isDirectory: boolean } {
  const text = (start: number, length: number) =>
    header
      .subarray(start, start + length)
      .toString('utf8')
      .replace(/\0.*$/s, '')
  if (text(257, 5) !== 'ustar') throw new Error('it is no tar archive')
  if (checksumOf(header) !== parseInt(text(148, 8).trim(), 8))
    throw new Error('the checksum of a header does not fit')
  const prefix = text(345, 155)
  const path = `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`.replace(/^\.\//, '').replace(/\/$/, '')
  if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`${path} leads out of it`)
  const kind = text(156, 1)
  if (kind !== '' && kind !== '0' && kind !== '5')
    throw new Error(`${path} is neither a file nor a directory`)
  return { path, size: sizeIn(header), isDirectory: kind === '5' }
}

/** GNU and PostgreSQL write sizes above 8 GiB as a binary number, marked by the highest bit. */
function sizeIn(header: Buffer): number {
  const field = header.subarray(124, 136)
  if ((field[0] ?? 0) !== 0x80) return parseInt(field.toString('latin1').replace(/[\0 ].*$/s, '') || '0', 8)
  return Number(field.readBigUInt64BE(4))
}

/** The sum of all bytes, with blanks where the sum itself stands. */
const checksumOf = (header: Buffer): number =>
  header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0)

/** The header of an entry, with names of up to 100 bytes, which every name of PostgreSQL fits into. */
export function tarHeader(
  path: string,
  entry: { readonly size: number; readonly isDirectory: boolean },
): Buffer {
  const header = Buffer.alloc(BLOCK)
  const name = Buffer.from(entry.isDirectory ? `${path}/` : path, 'utf8')
  if (name.length > 100) throw new Error(`the name ${path} is too long for an archive`)
  name.copy(header, 0)
  const octal = (value: number, start: number, digits: number) =>
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, start, 'latin1')
  octal(entry.isDirectory ? 0o700 : 0o600, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  if (entry.size <= LARGEST_OCTAL) octal(entry.size, 124, 11)
  else {
    header[124] = 0x80
    header.writeBigUInt64BE(BigInt(entry.size), 128)
  }
  octal(0, 136, 11)
  header.write(entry.isDirectory ? '5' : '0', 156, 'latin1')
  header.write('ustar\0', 257, 'latin1')
  header.write('00', 263, 'latin1')
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return header
}

/** What follows the content of a file. */
export const tarPadding = (size: number): Buffer => Buffer.alloc(paddingOf(size))
export const TAR_END = Buffer.alloc(2 * BLOCK)
