/**
 * `lakegate keys`: rotates the signing keys of a running Lakegate, through REST; or the master key of a stopped one, on
 * its own machine. The master key is only ever in a file, because everybody can read the arguments in the process list
 * (behaviour 74).
 */
import type { HostMetadata, SigningKeyRotationAnswer } from '@lakegate/client'
import { Command } from 'commander'
import type { LoadedSettings } from '../config/load.ts'
import type { BackendAuthentication } from '../domain/attached-cluster.ts'
import { withLocalSettings, type LocalFlags } from './operator/local-settings.ts'
import { wrongUsage } from './exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from './output/output.ts'
import { atServer, withServer, type ServerFlags } from './server-connection.ts'

export type RotateMasterKey = (settings: LoadedSettings) => Promise<{
  readonly file: string
  /** Where the former key is kept; undefined when this finished a rotation that was begun earlier. */
  readonly formerFile: string | undefined
  /** How many values were encrypted again. */
  readonly count: number
}>

export interface LostKeyReport {
  readonly file: string
  /** Where a key was moved that fits nothing; undefined where there was none. */
  readonly keptAt: string | undefined
  /** The certificate of the new authority. */
  readonly caFile: string
  /** Attached clusters, whose secrets were lost with the key. */
  readonly attached: readonly {
    readonly name: string
    readonly backendAuthentication: BackendAuthentication
  }[]
}

export type ReplaceLostMasterKey = (settings: LoadedSettings) => Promise<LostKeyReport>

export function keysCommand(
  load: (flags: LocalFlags) => LoadedSettings,
  work: { readonly rotateMasterKey: RotateMasterKey; readonly replaceLostMasterKey: ReplaceLostMasterKey },
): Command {
  const keys = new Command('keys').description(
    'rotate the keys of Lakegate, replace lost ones (docs/operating.md)',
  )
  withOutput(withLocalSettings(withServer(keys.command('rotate')), 'With --master-key:'))
    .description(
      'sign tokens with a new key; with --master-key: encrypt the stored secrets with a new master key',
    )
    .option('--master-key', 'the master key, while nothing runs', false)
    .action(async ({ masterKey, ...flags }: RotateFlags & { masterKey: boolean }) => {
      if (masterKey) show(await work.rotateMasterKey(load(localOf(flags))), flags)
      else await rotateSigningKeys(flags)
    })
  withLocalSettings(keys.command('replace-lost'))
    .description(
      'the master key is lost for good: make a new one, while nothing runs; what it encrypted is void',
    )
    .option('--yes', 'nothing that the lost key encrypted is needed any more', false)
    .action(async ({ yes, ...flags }: { readonly yes: boolean }) => {
      if (!yes)
        throw wrongUsage(
          'All tokens, certificates and passwords of attached clusters that the lost key protected will be void.',
          'Look for a copy of the key first: beside the backups, and on other machines of this installation. If there is none, add --yes.',
        )
      showReplaced(await work.replaceLostMasterKey(load(flags)))
    })
  return keys
}

type RotateFlags = ServerFlags & OutputFlags

/** @param flags those of `rotate` but `--master-key`: what is not for the server names a setting */
function localOf({
  url: _url,
  tokenFile,
  profile: _profile,
  debug: _debug,
  findLocalLogin: _localLogin,
  output: _output,
  quiet: _quiet,
  color: _color,
  ...local
}: RotateFlags): LocalFlags {
  if (tokenFile !== undefined)
    throw wrongUsage(
      '--token-file and --master-key do not go together: the master key is rotated while nothing runs.',
      'Leave --token-file out.',
    )
  return local
}

async function rotateSigningKeys(flags: RotateFlags): Promise<void> {
  await atServer(flags, async (http) => {
    const { account_id: account } = await http.request<HostMetadata>('GET', '/.well-known/databricks-config')
    const answer = await http.request<SigningKeyRotationAnswer>(
      'POST',
      `/api/2.0/accounts/${account}/lakegate/signing-keys`,
      {},
    )
    const output = createOutput(flags)
    if (output.isQuiet) process.stdout.write(`${answer.kid}\n`)
    else if (!output.isText(true)) output.showJson(answer)
    else
      process.stdout.write(
        `The new signing key is published, and signs from ${answer.signs_from}: ${answer.kid}\n` +
          `Tokens of former keys stay valid until they expire, at most until ${answer.former_keys_verify_until}.\n`,
      )
  })
}

function show({ file, formerFile, count }: Awaited<ReturnType<RotateMasterKey>>, flags: OutputFlags): void {
  const output = createOutput(flags)
  if (output.isQuiet) {
    process.stdout.write(`${file}\n`)
    return
  }
  if (!output.isText(true)) {
    output.showJson({
      file,
      ...(formerFile === undefined ? {} : { former_file: formerFile }),
      encrypted_again: count,
    })
    return
  }
  process.stdout.write(
    formerFile === undefined
      ? `The interrupted rotation is finished. Everything encrypted (${String(count)} values) is now encrypted with the first key of ${file}; the other keys were removed from it.\n`
      : `Everything encrypted (${String(count)} values) is now encrypted with a new master key: ${file}\n` +
          `The former key is in ${formerFile}. Earlier backups of the system database need it: keep it with them, or remove it.\n`,
  )
  process.stdout.write('Other machines need the new file before Lakegate starts there again.\n')
}

function showReplaced({ file, keptAt, caFile, attached }: LostKeyReport): void {
  const lines = [
    `There is a new master key: ${file}. Back it up, and copy it to the other machines of this installation.`,
    ...(keptAt === undefined ? [] : [`The key that fits nothing is in ${keptAt}.`]),
    'Void: every token that was signed (clients get new ones with their secrets and passwords, which are still valid),',
    '  and every session of a browser.',
    `Void: the certificates of Lakegate’s own authority. Give clients the new one: ${caFile}`,
    ...attached.map(
      ({ name, backendAuthentication }) =>
        `Void: the password of the administrative role of ${name}. Set it again${
          backendAuthentication === 'scram'
            ? ', and existing_passwords to “replace”, so that its roles get new keys'
            : ', and put its new attached.client_ca_pem into ssl_ca_file of the cluster'
        } (docs/operating.md).`,
    ),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
