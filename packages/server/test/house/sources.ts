/** The source files of the server, as the house tests read them. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url))
const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url))

export interface SourceFile {
  /** Below src, with slashes: `policy/login.ts`. */
  readonly path: string
  /** The first part of the path, without `.ts` when it is all of it: `policy`, `main`. */
  readonly room: string
  readonly text: string
}

export const roomOf = (file: string): string => (file.split('/')[0] ?? file).replace(/\.ts$/, '')

export const SOURCE_FILES: readonly SourceFile[] = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => file.endsWith('.ts'))
  .sort()
  .map((file) => ({ path: file, room: roomOf(file), text: readFileSync(path.join(SOURCES, file), 'utf8') }))
