/**
 * What is published, as npm packs it, and the few packages of others that it needs beside: all as tarballs in one directory, from
 * which npm installs without a registry.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from '../house/sources.ts'

const run = promisify(execFile)
const LONGEST_ANSWER = 64 * 1024 * 1024

/** A port of this machine at which nothing ever listens (tcpmux). */
const NOBODY = 'http://127.0.0.1:1/'

/** Folders below packages, in the order in which they need each other. */
export const PUBLISHED = ['client', 'sql-text', 'server'] as const

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly private?: boolean
  readonly engines?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
  readonly exports?: Readonly<Record<string, unknown>>
  readonly repository?: { readonly directory?: string }
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export const readManifest = (directory: string): Manifest =>
  JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as Manifest

export const packageDirectory = (folder: string): string => path.join(REPOSITORY, 'packages', folder)

export interface PackedPackage {
  readonly name: string
  readonly version: string
  /** Of the tarball, in bytes. */
  readonly size: number
  readonly files: readonly { readonly path: string; readonly mode: number }[]
  readonly tarball: string
}

export interface Packed {
  readonly directory: string
  readonly ours: readonly PackedPackage[]
  /** All tarballs, those of others too. */
  readonly tarballs: readonly string[]
  remove(): Promise<void>
}

export async function packEverything(): Promise<Packed> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-packed-'))
  const tarballs = path.join(directory, 'tarballs')
  await mkdir(tarballs)
  const ours = await pack(
    tarballs,
    PUBLISHED.flatMap((folder) => ['--workspace', `packages/${folder}`]),
  )
  const others = await pack(tarballs, ['--ignore-scripts', ...neededOfOthers()])
  return {
    directory,
    ours,
    tarballs: [...ours, ...others].map(({ tarball }) => tarball),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

async function pack(into: string, what: readonly string[]): Promise<readonly PackedPackage[]> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', into, ...what], {
    cwd: REPOSITORY,
    maxBuffer: LONGEST_ANSWER,
  })
  // npm 11 answers with an object by name, npm 10 with a list.
  const packed = Object.values(
    JSON.parse(stdout) as Record<string, Omit<PackedPackage, 'tarball'> & { readonly filename: string }>,
  )
  return packed.map((one) => ({ ...one, tarball: path.join(into, path.basename(one.filename)) }))
}

/** Directories of what npm would fetch for this platform: the dependencies of ours, and of those. */
function neededOfOthers(): readonly string[] {
  const found = new Set<string>()
  const look = (from: string) => {
    const { dependencies = {}, optionalDependencies = {} } = readManifest(from)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const directory = findInstalled(name, from)
      // Optional ones are installed for this platform only; our own are packed already.
      if (directory === undefined || found.has(directory) || isOurs(name)) continue
      found.add(directory)
      look(directory)
    }
  }
  for (const folder of PUBLISHED) look(packageDirectory(folder))
  return [...found]
}

const isOurs = (name: string): boolean =>
  PUBLISHED.some((one) => readManifest(packageDirectory(one)).name === name)

/** As Node looks for it: in the node_modules of each directory above. */
function findInstalled(name: string, from: string): string | undefined {
  for (let at = from; at.startsWith(REPOSITORY.replace(/\/$/, '')); at = path.dirname(at)) {
    const directory = path.join(at, 'node_modules', name)
    if (existsSync(path.join(directory, 'package.json'))) return directory
  }
  return undefined
}

/**
 * Installs tarballs into a directory, without a registry and without anything that this machine has in its cache.
 * @param options further ones of `npm install`
 */
export async function installOffline(
  directory: string,
  tarballs: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  await run(
    'npm',
    [
      'install',
      '--offline',
      ...['--registry', NOBODY, '--cache', path.join(path.dirname(directory), 'empty-cache')],
      ...['--no-audit', '--no-fund'],
      ...options,
      ...tarballs,
    ],
    { cwd: directory, maxBuffer: LONGEST_ANSWER },
  )
}
