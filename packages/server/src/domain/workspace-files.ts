/** Paths of workspace files, and what they refer to. */
import type { IdentityId, WorkspaceId } from './ids.ts'

/** Where a path leads. A home is found by the name in the path; the id decides whose home it is (`Home`). */
export type WorkspacePath = {
  /** As the caller wrote it; answers use the same form. `/Workspace/Users` and `/Users` are the same place. */
  readonly text: string
} & (
  | { readonly place: 'root' | 'homes' | 'elsewhere' }
  | {
      readonly place: 'home'
      readonly owner: string
      /** The part of the text that names the home itself. */
      readonly homeText: string
      /** Relative to the home, without a slash at either end; empty for the home itself. */
      readonly below: string
    }
)

export interface Home {
  readonly workspaceId: WorkspaceId
  readonly ownerId: IdentityId
}

export interface WorkspaceObject {
  readonly id: string
  readonly type: 'DIRECTORY' | 'FILE'
  /** Relative to the home. */
  readonly path: string
  readonly size: number
  readonly createdAt: Date
  readonly modifiedAt: Date
}

/** The real service accepts no more through `import`, and returns no more through `export`. */
export const LARGEST_FILE = 10 * 1024 * 1024
/** In bytes of UTF-8. An index entry of PostgreSQL holds a path twice, and has at most 2704 bytes. */
const LONGEST_PATH = 1024
/** In bytes of UTF-8, as on most file systems. */
const LONGEST_NAME = 255
const DEEPEST_PATH = 64

/** Characters that file systems or PostgreSQL cannot store, or interpret as something else. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const UNUSABLE = /[\u0000-\u001f\u007f\\\p{Cs}]/u
/** A percent-encoded slash, backslash, dot or zero byte: a program behind us might decode it once more. */
const ENCODED = /%(?:2f|5c|2e|00)/i

/** @returns the path, or what is wrong with it: a clause that follows the name of its field */
export function parseWorkspacePath(text: string): WorkspacePath | { readonly problem: string } {
  if (text.length > LONGEST_PATH || Buffer.byteLength(text) > LONGEST_PATH)
    return { problem: `is longer than ${String(LONGEST_PATH)} bytes.` }
  if (!text.startsWith('/')) return { problem: 'must be absolute: begin it with a slash.' }
  const names = text.slice(1).split('/')
  // People often end the name of a directory with one slash.
  if (names.at(-1) === '') names.pop()
  if (names.length > DEEPEST_PATH) return { problem: `is deeper than ${String(DEEPEST_PATH)} directories.` }
  for (const name of names) {
    const problem = findProblem(name)
    if (problem !== undefined) return { problem }
  }
  return locate(names)
}

function findProblem(name: string): string | undefined {
  if (name === '') return 'holds two slashes in a row.'
  if (name === '.' || name === '..') return `holds ${name}; write the path out.`
  if (Buffer.byteLength(name) > LONGEST_NAME)
    return `holds a name of more than ${String(LONGEST_NAME)} bytes.`
  if (UNUSABLE.test(name)) return 'holds a control character, a backslash or half a character.'
  if (ENCODED.test(name)) return 'holds a slash, a backslash, a dot or a zero that is percent-encoded twice.'
  if (/[/\\]|^\.{1,2}$/.test(name.normalize('NFKC')))
    return 'holds a character that another form of Unicode (NFKC) makes a slash, a backslash or dots.'
  if (name.normalize('NFC') !== name) return 'is not in the composed form of Unicode (NFC).'
  return undefined
}

function locate(names: readonly string[]): WorkspacePath {
  const text = `/${names.join('/')}`
  const mount = names[0] === 'Workspace' ? 1 : 0
  const [folder, owner, ...below] = names.slice(mount)
  if (folder === undefined) return { place: 'root', text }
  if (folder !== 'Users') return { place: 'elsewhere', text }
  if (owner === undefined) return { place: 'homes', text }
  const homeText = `/${names.slice(0, mount + 2).join('/')}`
  return { place: 'home', text, owner, homeText, below: below.join('/') }
}

/** The path itself and every directory above it within the home, the highest first. */
export function pathsDownTo(below: string): readonly string[] {
  const names = below.split('/')
  return names.map((_name, index) => names.slice(0, index + 1).join('/'))
}
