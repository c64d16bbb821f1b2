/**
 * `lakegate up --temporary`: a Lakegate for a run of tests (docs/testing.md). It has a new data directory, which is removed at
 * the stop, and free ports. A program that starts it gives it a pipe as standard input: when that program is gone, however it
 * ended, the pipe is closed, and Lakegate stops.
 */
import { fstatSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LoadedSettings } from '../config/load.ts'
import { environmentVariableOf, type SettingName } from '../config/settings.ts'
import { commandFailed, wrongUsage } from './exit-codes.ts'
import { printBanner, runUntilStopped, StopFailed, type StartEverything } from './up.ts'

type Flags = Readonly<Record<string, string>>

/** Where nothing else says so. Sessions that a test left open are not waited for. */
const DEFAULTS = {
  'http-port': '0',
  'gateway-port': '0',
  'gateway-workers': '1',
  'drain-seconds': '0',
} as const

/** They name parts of an installation that is there: a temporary Lakegate would change it, and take its data for its own. */
const OF_AN_INSTALLATION = ['database-url', 'master-key-file'] as const satisfies readonly SettingName[]

/** Removes the directory, whoever owns what is in it. */
export type RemoveTemporaryDirectory = (settings: LoadedSettings, directory: string) => Promise<void>

/**
 * Prints, without a terminal, one line on standard output when everything is ready: a JSON object with the name of the ready
 * file, which holds the administrator's token. The steps go to standard error.
 */
export async function upTemporarily(
  flags: Flags,
  load: (flags: Flags) => LoadedSettings,
  startEverything: StartEverything,
  removeDirectory: RemoveTemporaryDirectory,
): Promise<void> {
  if (flags['dataDir'] !== undefined)
    throw wrongUsage(
      '--temporary and --data-dir do not go together: the data directory is a new one, and is removed at the stop.',
      'Leave one of them out.',
    )
  // Nothing is made before the settings are good.
  refuseInstallation(load(flags))
  const directory = await makeDirectory()
  const chosen = load({ ...flags, dataDir: directory })
  try {
    // That of the environment or of a config file is read by who watches the installation for which it is set.
    const readyFile = flags['readyFile'] ?? path.join(directory, 'ready.json')
    const own: Flags = { ...flags, dataDir: directory, readyFile }
    const isOpen = (name: keyof typeof DEFAULTS) => chosen[name].source === 'default'
    const defaults = Object.entries(DEFAULTS)
      .filter(([name]) => isOpen(name as keyof typeof DEFAULTS))
      .map(([name, value]) => [camelCase(name), value])
    const settings: Flags = { ...own, ...(Object.fromEntries(defaults) as Flags) }
    const isTerminal = process.stdout.isTTY
    await runUntilStopped(
      () => load(settings),
      startEverything,
      (running) => (isTerminal ? printBanner(running) : `${JSON.stringify({ ready_file: readyFile })}\n`),
      {
        isTemporary: true,
        progress: isTerminal ? process.stdout : process.stderr,
        until: endOfStandardInput(),
      },
    )
  } catch (error) {
    // It may still run: what it works on is not taken away below it.
    if (error instanceof StopFailed) throw leftThere(directory, error.cause)
    await removeDirectory(chosen, directory).catch((problem: unknown) => {
      process.stderr.write(`${problem instanceof Error ? problem.message : String(problem)}\n`)
    })
    throw error
  }
  await removeDirectory(chosen, directory)
}

function refuseInstallation(settings: LoadedSettings): void {
  for (const name of OF_AN_INSTALLATION) {
    const { value, source } = settings[name]
    if (value === undefined) continue
    const where = {
      flag: `the flag --${name}`,
      environment: `the variable ${environmentVariableOf(name)}`,
      'config file': `${name} in the config file`,
      default: name,
    }[source]
    throw wrongUsage(
      `--temporary does not go together with ${where}, which names what belongs to an installation.`,
      source === 'flag'
        ? 'Leave it out, or start Lakegate without --temporary.'
        : `Run the command without it (${source === 'environment' ? `env -u ${environmentVariableOf(name)} lakegate up --temporary` : 'with another config file'}).`,
    )
  }
}

const leftThere = (directory: string, cause: unknown) =>
  commandFailed(
    `Lakegate could not be stopped: ${cause instanceof Error ? cause.message : String(cause)} Its data is left in ${directory}.`,
    'End what is left of it (`ps` shows PostgreSQL with that directory), and remove the directory.',
  )

/** The account that runs PostgreSQL must be able to pass through it. */
async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-temporary-'))
  await chmod(directory, 0o711)
  return directory
}

/** Never resolves for a terminal, a file or /dev/null, which say nothing about the program that started this one. */
function endOfStandardInput(): Promise<void> {
  return new Promise((resolve) => {
    if (!isPipe()) return
    process.stdin.once('end', resolve)
    process.stdin.once('error', () => {
      resolve()
    })
    process.stdin.resume()
  })
}

function isPipe(): boolean {
  try {
    const input = fstatSync(0)
    return input.isFIFO() || input.isSocket()
  } catch {
    // EBADF: started without a standard input.
    return false
  }
}

const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase())
