/** `lakegate backup` and `lakegate restore`: on the machine of the data directory, with Lakegate running or not. */
import { Command, Option } from 'commander'
import type { LoadedSettings } from '../../config/load.ts'
import { createOutput, withOutput, type OutputFlags } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import { createProgress, type Progress } from '../progress.ts'
import { withLocalSettings, type LocalFlags } from './local-settings.ts'

export interface BackupRequest {
  readonly directory: string
  readonly withMasterKey: boolean
  readonly withoutSystemDatabase: boolean
}

export interface BackupReport {
  readonly directory: string
  readonly clusters: readonly { readonly name: string; readonly bytes: number }[]
  readonly masterKey: { readonly file: string; readonly isIncluded: boolean }
  /** Sentences about anything that a restore will miss. */
  readonly remarks: readonly string[]
}

export type MakeBackup = (
  settings: LoadedSettings,
  request: BackupRequest,
  progress: Progress,
) => Promise<BackupReport>

export interface RestoreRequest {
  readonly backup: string
  /** The master key of the backup, where that does not include it. */
  readonly keyFile: string | undefined
  readonly withoutMasterKey: boolean
}

export interface RestoreReport {
  readonly dataDirectory: string
  readonly madeAt: Date
  readonly clusters: readonly string[]
  readonly remarks: readonly string[]
}

export type RestoreBackup = (
  settings: LoadedSettings,
  request: RestoreRequest,
  progress: Progress,
) => Promise<RestoreReport>

type Load = (flags: LocalFlags) => LoadedSettings

export function backupCommand(load: Load, makeBackup: MakeBackup): Command {
  return withOutput(withLocalSettings(new Command('backup')))
    .description('back up the system database and all local instances, while they run (docs/operating.md)')
    .argument('<directory>', 'where to put it; must not exist yet')
    .option(
      '--with-master-key',
      'include the master key; keep such a backup as safe as the key itself',
      false,
    )
    .option(
      '--without-system-database',
      'for an external system database: back up the instances, before you back up that database by its own means',
      false,
    )
    .action(
      async (
        directory: string,
        flags: LocalFlags & OutputFlags & Pick<BackupRequest, 'withMasterKey' | 'withoutSystemDatabase'>,
      ) => {
        const { withMasterKey, withoutSystemDatabase } = flags
        const report = await makeBackup(
          load(flags),
          { directory, withMasterKey, withoutSystemDatabase },
          progressOf(flags),
        )
        showBackup(report, flags)
      },
    )
}

export function restoreCommand(load: Load, restoreBackup: RestoreBackup): Command {
  return withOutput(withLocalSettings(new Command('restore')))
    .description('restore a backup into an empty data directory (docs/operating.md)')
    .argument('<directory>', 'what `lakegate backup` made')
    .option('--key-file <file>', 'the master key of that backup, where it does not include the key')
    .addOption(
      new Option(
        '--without-master-key',
        'the key is lost: restore nevertheless; then run `lakegate keys replace-lost`',
      )
        .default(false)
        .conflicts('keyFile'),
    )
    .action(
      async (
        backup: string,
        flags: LocalFlags & OutputFlags & { readonly keyFile?: string; readonly withoutMasterKey: boolean },
      ) => {
        const report = await restoreBackup(
          load(flags),
          { backup, keyFile: flags.keyFile, withoutMasterKey: flags.withoutMasterKey },
          progressOf(flags),
        )
        showRestore(report, flags)
      },
    )
}

const progressOf = ({ quiet }: OutputFlags): Progress =>
  createProgress(quiet === true ? { write: () => true } : process.stderr)

function showBackup(report: BackupReport, flags: OutputFlags): void {
  const output = createOutput(flags)
  const { directory, clusters, masterKey, remarks } = report
  if (output.isQuiet) process.stdout.write(`${directory}\n`)
  else if (output.isText(true)) process.stdout.write(renderBackup(report))
  else
    output.showJson({
      directory,
      clusters,
      master_key: { file: masterKey.file, included: masterKey.isIncluded },
      remarks,
    })
}

function showRestore(report: RestoreReport, flags: OutputFlags): void {
  const output = createOutput(flags)
  const { dataDirectory, madeAt, clusters, remarks } = report
  if (output.isQuiet) process.stdout.write(`${dataDirectory}\n`)
  else if (output.isText(true)) process.stdout.write(renderRestore(report))
  else
    output.showJson({
      data_directory: dataDirectory,
      backup_made_at: madeAt.toISOString(),
      clusters,
      remarks,
    })
}

function renderBackup({ directory, clusters, masterKey, remarks }: BackupReport): string {
  return [
    `The backup is complete and verified: ${directory}`,
    ...clusters.map(({ name, bytes }) => `  ${name}  ${megabytes(bytes)}`),
    masterKey.isIncluded
      ? 'It holds the master key: whoever has it can sign tokens. Keep it where nobody else can read it.'
      : `It does not hold the master key, and nothing secret in it can be read without that: back up ${masterKey.file} too, and keep it apart.`,
    ...remarks,
  ]
    .map((line) => `${printable(line)}\n`)
    .join('')
}

function renderRestore({ dataDirectory, madeAt, clusters, remarks }: RestoreReport): string {
  return [
    `Restored as of ${madeAt.toISOString()}: ${clusters.join(', ')}, in ${dataDirectory}`,
    'What was revoked since then is valid again: look through it before you start (`lakegate up`) for everybody.',
    ...remarks,
  ]
    .map((line) => `${printable(line)}\n`)
    .join('')
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`
