/**
 * The certificate authority of a Lakegate in a file, for clients that take nothing else. Its name is made of its content, so
 * that what was printed once goes on being true.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { cacheDirectory } from './own-directories.ts'

/** What libpq is told about the certificate: a file, or `system` for public authorities (PostgreSQL 16). */
export async function rootCertificateOf(ca: string | undefined): Promise<string> {
  if (ca === undefined) return 'system'
  const directory = path.join(cacheDirectory(), 'authorities')
  const name = createHash('sha256').update(ca).digest('hex').slice(0, 24)
  const file = path.join(directory, `${name}.pem`)
  // Somebody may have changed it, and it decides who is believed.
  if ((await readFile(file, 'utf8').catch(() => undefined)) === ca) return file
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, ca, { mode: 0o600 })
  await rename(unfinished, file)
  return file
}
