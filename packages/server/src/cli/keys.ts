/**
 * `lakegate keys`: rotates the signing keys of a running Lakegate, through REST; or the master key of a stopped one, on
 * its own machine. The master key is only ever in a file, because everybody can read the arguments in the process list
 * (behaviour 74).
 */
import type { HostMetadata, SigningKeyRotationAnswer } from '@lakegate/client'
import { Command, Option } from 'commander'
import type { LoadedSettings } from '../config/load.ts'
import { environmentVariableOf, flagOf, SETTINGS } from '../config/settings.ts'
import { wrongUsage } from './exit-codes.ts'
import { atServer, withServer, type ServerFlags } from './server-connection.ts'

export type RotateMasterKey = (settings: LoadedSettings) => Promise<{
  readonly file: string
  /** Where the former key is kept; undefined when this finished a rotation that was begun earlier. */
  readonly formerFile: string | undefined
  /** How many values were encrypted again. */
  readonly count: number
}>

type LocalFlags = Readonly<Record<string, string>>

/** The settings that locate the system database and the master key; everything else comes from the environment. */
const LOCAL_SETTINGS = ['data-dir', 'master-key-file'] as const

export function keysCommand(
  load: (flags: LocalFlags) => LoadedSettings,
  rotateMasterKey: RotateMasterKey,
): Command {
  const keys = new Command('keys').description('rotate the keys of Lakegate (docs/operating.md)')
  const rotate = withServer(keys.command('rotate'))
    .description(
      'sign tokens with a new key; with --master-key: encrypt the stored secrets with a new master key',
    )
    .option('--master-key', 'the master key, while nothing runs', false)
    .addOption(new Option('--config <file>', 'with --master-key: config file in JSON (LAKEGATE_CONFIG)'))
  for (const name of LOCAL_SETTINGS)
    rotate.addOption(
      new Option(
        `${flagOf(name)} <value>`,
        `with --master-key: ${SETTINGS[name].sentence} (${environmentVariableOf(name)})`,
      ),
    )
  rotate.action(
    async ({
      masterKey,
      ...flags
    }: ServerFlags & { masterKey: boolean; config?: string; dataDir?: string }) => {
      if (masterKey) show(await rotateMasterKey(load(localOf(flags))))
      else await rotateSigningKeys(flags)
    },
  )
  return keys
}

/** @param flags those of `rotate` but `--master-key`: what is not for the server names a setting */
function localOf({
  url: _url,
  tokenFile,
  profile: _profile,
  debug: _debug,
  ...local
}: ServerFlags): LocalFlags {
  if (tokenFile !== undefined)
    throw wrongUsage(
      '--token-file and --master-key do not go together: the master key is rotated while nothing runs.',
      'Leave --token-file out.',
    )
  return local
}

async function rotateSigningKeys(flags: ServerFlags): Promise<void> {
  await atServer(flags, async (http) => {
    const { account_id: account } = await http.request<HostMetadata>('GET', '/.well-known/databricks-config')
    const answer = await http.request<SigningKeyRotationAnswer>(
      'POST',
      `/api/2.0/accounts/${account}/lakegate/signing-keys`,
      {},
    )
    process.stdout.write(
      `The new signing key is published, and signs from ${answer.signs_from}: ${answer.kid}\n` +
        `Tokens of former keys stay valid until they expire, at most until ${answer.former_keys_verify_until}.\n`,
    )
  })
}

function show({ file, formerFile, count }: Awaited<ReturnType<RotateMasterKey>>): void {
  process.stdout.write(
    formerFile === undefined
      ? `The interrupted rotation is finished. Everything encrypted (${String(count)} values) is now encrypted with the first key of ${file}; the other keys were removed from it.\n`
      : `Everything encrypted (${String(count)} values) is now encrypted with a new master key: ${file}\n` +
          `The former key is in ${formerFile}. Earlier backups of the system database need it: keep it with them, or remove it.\n`,
  )
  process.stdout.write('Other machines need the new file before Lakegate starts there again.\n')
}
