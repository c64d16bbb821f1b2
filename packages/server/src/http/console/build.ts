/**
 * The built console in the package: read once, at the first visit, and kept in memory. Only names of this listing are
 * served, so no path can lead out of the directory.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

export type Encoding = 'br' | 'gzip' | 'identity'

export interface ConsoleFile {
  readonly type: string
  /** By encoding; `identity` always exists. */
  readonly bodies: Readonly<Partial<Record<Encoding, { readonly bytes: Buffer; readonly tag: string }>>>
}

export interface ConsoleBuild {
  /** As `build.json` names it. */
  readonly id: string
  /** By the path relative to the directory, with `/`. */
  readonly files: ReadonlyMap<string, ConsoleFile>
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

const TWINS = { br: '.br', gzip: '.gz' } as const

/** @returns undefined when nothing was built */
export type LoadConsoleBuild = () => Promise<ConsoleBuild | undefined>

/** A missing build is looked for again at the next visit; an existing one is read only once. */
export function createBuildLoader(directory: string): LoadConsoleBuild {
  let loaded: Promise<ConsoleBuild | undefined> | undefined
  const forget = () => {
    loaded = undefined
  }
  return () => {
    loaded ??= load(directory).then(
      (build) => {
        if (build === undefined) forget()
        return build
      },
      (error: unknown) => {
        forget()
        throw error
      },
    )
    return loaded
  }
}

async function load(directory: string): Promise<ConsoleBuild | undefined> {
  const names = await listFiles(directory)
  if (!names.includes('index.html') || !names.includes('build.json')) return undefined
  const files = new Map<string, ConsoleFile>()
  for (const name of names) {
    const type = TYPES[path.extname(name)]
    if (type === undefined) continue
    const twins = Object.entries(TWINS).filter(([, ending]) => names.includes(`${name}${ending}`))
    files.set(name, {
      type,
      bodies: Object.fromEntries([
        ['identity', await read(directory, name)],
        ...(await Promise.all(
          twins.map(
            async ([encoding, ending]) => [encoding, await read(directory, `${name}${ending}`)] as const,
          ),
        )),
      ]),
    })
  }
  const described: unknown = JSON.parse(await readFile(path.join(directory, 'build.json'), 'utf8'))
  return { id: idOf(described), files }
}

async function listFiles(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        path.relative(directory, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'),
      )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

async function read(directory: string, name: string) {
  const bytes = await readFile(path.join(directory, name))
  // A strong validator, different for each encoding (RFC 9110 §8.8.3).
  return { bytes, tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"` }
}

const idOf = (described: unknown): string =>
  typeof described === 'object' &&
  described !== null &&
  'build' in described &&
  typeof described.build === 'string'
    ? described.build
    : ''
