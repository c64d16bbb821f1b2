/** What is decided once about this machine before anything starts: directories, accounts, programs. */
import { chmod, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { dataDirectoryOf, type LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { findBinaries, type PostgresBinaries } from '../instances/embedded/binaries.ts'
import { chooseAccount, type OperatingSystemAccount } from '../instances/embedded/operating-system-account.ts'
import { installExtensionFiles } from '../instances/extension.ts'

export interface Machine {
  readonly dataDirectory: string
  readonly account: OperatingSystemAccount
  readonly binaries: PostgresBinaries
  readonly extensionDirectory: string
}

/** @throws Fault when the data directory, the account or PostgreSQL cannot be used */
export async function prepareMachine(settings: LoadedSettings): Promise<Machine> {
  const dataDirectory = dataDirectoryOf(settings, {
    isRoot: process.getuid?.() === 0,
    home: homedir(),
    xdgDataHome: process.env['XDG_DATA_HOME'],
  })
  await makeDataDirectory(dataDirectory)
  const account = chooseAccount(settings['postgres-account'].value)
  const binaries = await findBinaries({
    directory: settings['postgres-binaries'].value,
    copyTo: path.join(dataDirectory, 'postgresql'),
    account,
  })
  const extensionDirectory = await installExtensionFiles(path.join(dataDirectory, 'share'))
  return { dataDirectory, account, binaries, extensionDirectory }
}

/** Its parts are closed one by one; the account that runs PostgreSQL must be able to pass through it. */
async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o711 })
    await chmod(directory, 0o711)
  } catch (cause) {
    throw new Fault({
      code: 'data_directory_unusable',
      origin: 'configuration',
      message: `The data directory ${directory} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      nextStep:
        'Name a directory that belongs to the account that runs Lakegate, with --data-dir or LAKEGATE_DATA_DIR.',
      cause,
    })
  }
}
