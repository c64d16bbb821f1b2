/**
 * `lakegate attach`: puts an existing cluster behind the gateway, through REST, and waits until it is available.
 * Secrets come from files or standard input, because everybody can read the arguments in the process list (behaviour
 * 74).
 */
import type { DatabaseInstance, LakegateHttp } from '@lakegate/client'
import { Command, Option } from 'commander'
import { BACKEND_AUTHENTICATIONS, CLUSTER_TLS_MODES, EXISTING_PASSWORDS } from '../domain/attached-cluster.ts'
import { askUntil, INSTANCES_PATH } from './instance-at-server.ts'
import { commandFailed, wrongUsage } from './exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from './output/output.ts'
import { atServer, readSecret, readText, withServer, type ServerFlags } from './server-connection.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly host: string
  readonly user: string
  readonly passwordFile: string
  readonly backendAuthentication: (typeof BACKEND_AUTHENTICATIONS)[number]
  readonly database: string
  readonly caFile?: string
  readonly tlsMode: (typeof CLUSTER_TLS_MODES)[number]
  readonly existingPasswords: (typeof EXISTING_PASSWORDS)[number]
  readonly wait: boolean
}

/** Longer than Lakegate waits for hosts that do not answer. */
const LIMIT_MS = 120_000

export function attachCommand(): Command {
  return withOutput(withServer(new Command('attach')))
    .description('put an existing PostgreSQL cluster behind the gateway (docs/attached-instances.md)')
    .argument('<name>', 'name of the database instance')
    .requiredOption('--host <host:port,…>', 'hosts of the cluster; Lakegate finds the primary')
    .requiredOption('--user <role>', 'administrative role')
    .requiredOption('--password-file <file>', 'file with its password; - reads standard input')
    .addOption(
      new Option('--backend-authentication <way>', 'how the gateway proves itself')
        .choices(BACKEND_AUTHENTICATIONS)
        .makeOptionMandatory(),
    )
    .option('--database <name>', 'database of the administrative connections', 'postgres')
    .option('--ca-file <file>', 'certificates of the authority of the servers; default: public authorities')
    .addOption(
      new Option('--tls-mode <mode>', 'what is verified of the certificate of a server')
        .choices(CLUSTER_TLS_MODES)
        .default('verify-full'),
    )
    .addOption(
      new Option(
        '--existing-passwords <what>',
        'whether scram may replace a password that a role already has',
      )
        .choices(EXISTING_PASSWORDS)
        .default('refuse'),
    )
    .option('--no-wait', 'do not wait until the cluster is attached')
    .action(attach)
}

async function attach(name: string, flags: Flags): Promise<void> {
  const output = createOutput(flags)
  // What people read on the way is no part of an answer for programs.
  const tell = (text: string) => {
    if (!output.isQuiet && output.isText(true)) process.stdout.write(text)
  }
  await atServer(flags, async (http) => {
    const made = await http.request<DatabaseInstance>('POST', INSTANCES_PATH, {
      name,
      attached: {
        hosts: flags.host.split(',').map(parseHost),
        database: flags.database,
        tls: {
          mode: flags.tlsMode,
          ...(flags.caFile === undefined ? {} : { ca_pem: await readText(flags.caFile) }),
        },
        administration: { user: flags.user, password: await readSecret(flags.passwordFile) },
        backend_authentication: flags.backendAuthentication,
        existing_passwords: flags.existingPasswords,
      },
    })
    tell(`${name} is ${made.state}.\n`)
    if (made.attached?.client_ca_pem !== undefined)
      tell(
        `Put this into ssl_ca_file of the cluster, and a line hostssl … cert into pg_hba.conf:\n${made.attached.client_ca_pem}`,
      )
    if (flags.wait && process.stdout.isTTY)
      tell('Lakegate connects to the cluster … (Ctrl-C stops waiting; Lakegate continues to attach it)\n')
    const attached = flags.wait ? await waitUntilAvailable(http, made) : made
    if (output.isQuiet) process.stdout.write(`${name}\n`)
    else if (!output.isText(true)) output.showJson(attached)
    else if (flags.wait) tell(sentenceOf(attached))
  })
}

/** @throws Fault that says what is wrong, as soon as the instance reports it, or when it is not available in time */
async function waitUntilAvailable(http: LakegateHttp, made: DatabaseInstance): Promise<DatabaseInstance> {
  const { name, uid } = made
  const isOurs = (found: DatabaseInstance | undefined) => found?.uid === uid
  const now = await askUntil(
    http,
    name,
    LIMIT_MS,
    (found) => !isOurs(found) || found?.state === 'AVAILABLE' || found?.status_message !== undefined,
  )
  if (now === undefined || !isOurs(now))
    throw commandFailed(
      `${name} no longer exists: somebody detached it meanwhile.`,
      'Attach it again, if it is still wanted.',
    )
  if (now.state !== 'AVAILABLE')
    throw commandFailed(
      `${name} is still ${now.state}: ${now.status_message ?? 'no reason was given.'}`,
      `Lakegate goes on trying. \`lakegate detach ${name}\` stops this; then attach the cluster with the right values.`,
    )
  return now
}

const sentenceOf = ({ name, state, status_message: said }: DatabaseInstance): string =>
  `${name} is ${state}${said === undefined ? '.' : `: ${said}`}\n`

/** `host`, `host:port`, `[address]:port`. */
function parseHost(text: string): { host: string; port?: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/.exec(text.trim()) ?? []
  const host = bracketed ?? plain
  if (host === undefined)
    throw wrongUsage(`“${text}” is not a host.`, 'Write host:port, or [address]:port for IPv6.')
  return { host, ...(port === undefined ? {} : { port: Number(port) }) }
}
