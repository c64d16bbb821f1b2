/**
 * The direction of imports (docs/architecture.md), as data. A room that is not in the table may not exist;
 * what a room is not given, it may not import, neither a value nor a type.
 */
import path from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { roomOf, SOURCE_FILES, type SourceFile } from './sources.ts'

const PURE = ['domain', 'policy', 'tokens', 'protocol']
const WORK = [...PURE, 'operations']

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // ring 0: pure
  domain: [],
  tokens: ['domain'],
  policy: ['domain', 'tokens'],
  protocol: ['domain'],
  // ring 1: work
  operations: PURE,
  // ring 2: adapters
  store: WORK,
  keys: WORK,
  instances: WORK,
  observation: WORK,
  config: WORK,
  // ring 3: edges
  gateway: WORK,
  http: [...WORK, '@lakegate/client'],
  oauth: WORK,
  inquiry: WORK,
  cli: [...WORK, 'config', '@lakegate/client'],
  // ring 4: the whole
  composition: [
    ...WORK,
    ...['store', 'keys', 'instances', 'observation', 'config'],
    ...['gateway', 'http', 'oauth', 'inquiry', 'cli'],
  ],
  main: ['cli', 'composition'],
  // What tests of others use: only what the product shows to everybody.
  testing: ['domain', '@lakegate/client'],
}

/** What rings 0 and 1 may use from outside: nothing that reaches a disk, a network, a clock or a process. */
const HARMLESS = ['jose', 'node:crypto', 'node:util', '@lakegate/sql-text']

interface Import {
  readonly specifier: string
  /** The room or the package that it leads to. */
  readonly target: string
  /** Below src, or the package. */
  readonly to: string
}

function importsOf(file: SourceFile): readonly Import[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName: specifier }) => {
    if (!specifier.startsWith('.')) return { specifier, target: specifier, to: specifier }
    const to = path.posix.join(path.posix.dirname(file.path), specifier)
    return { specifier, target: roomOf(to), to }
  })
}

/** @returns sentences, one for each import that the table does not permit */
function breaches(file: SourceFile): readonly string[] {
  const permitted = MAY_IMPORT[file.room]
  if (permitted === undefined) return [`${file.path} is in no room of the table in imports.test.ts`]
  const isInside = ({ target, specifier }: Import) =>
    specifier.startsWith('.') || target === '@lakegate/client'
  return importsOf(file)
    .filter((imported) => isInside(imported) && imported.target !== file.room)
    .filter(({ target }) => !permitted.includes(target))
    .map(
      ({ to }) =>
        `${file.path} imports ${to}; ${file.room} may import only ${permitted.join(', ') || 'itself'}`,
    )
}

describe('the direction of imports', () => {
  it('is kept by every file', () => {
    expect(SOURCE_FILES.flatMap(breaches)).toEqual([])
  })

  it('keeps the world out of the pure rooms and of operations', () => {
    const outside = SOURCE_FILES.filter(({ room }) => WORK.includes(room)).flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => !specifier.startsWith('.') && !HARMLESS.includes(specifier))
        .map(
          ({ specifier }) =>
            `${file.path} imports ${specifier}; ${file.room} may use only ${HARMLESS.join(', ')}`,
        ),
    )
    expect(outside).toEqual([])
  })

  it('reports a breach in one sentence', () => {
    const file = { path: 'policy/login.ts', room: 'policy', text: `import { x } from '../store/groups.ts'\n` }
    expect(breaches(file)).toEqual([
      'policy/login.ts imports store/groups.ts; policy may import only domain, tokens',
    ])
  })
})
