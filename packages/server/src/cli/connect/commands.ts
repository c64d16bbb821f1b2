/**
 * The commands that bring people and their tools into a database: `psql`, `proxy`, `credential`, `env`. What they do is loaded
 * only when one of them runs.
 */
import { Command, Option } from 'commander'
import { OUTPUT_FORMATS } from '../output/output.ts'
import type { FindLocalLogin } from './connect-flags.ts'
import type { CredentialFlags } from './credential.ts'
import type { EnvFlags } from './env.ts'
import type { ProxyFlags } from './proxy/proxy-command.ts'
import type { PsqlFlags } from './psql.ts'

export function connectCommands(findLocalLogin: FindLocalLogin): readonly Command[] {
  return [
    psqlCommand(findLocalLogin),
    proxyCommand(findLocalLogin),
    credentialCommand(findLocalLogin),
    envCommand(findLocalLogin),
  ]
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Where and as whom; the same for all four. */
const withInstance = (command: Command): Command =>
  command
    .argument('<instance>', 'name of the database instance')
    .option('--as <role>', 'PostgreSQL role, such as that of a group; default: your own')
    .option('--pooled', 'the endpoint where sessions share backends (docs/pooled-endpoint.md)')

const withSignIn = (command: Command): Command =>
  command
    .option('-p, --profile <name>', 'profile of ~/.databrickscfg (DATABRICKS_CONFIG_PROFILE)')
    .option('--host <url>', 'address of the workspace (DATABRICKS_HOST)')
    .option('--local', 'sign in to the Lakegate that runs on this machine, as the owner of its data')
    .addOption(
      new Option('--data-dir <directory>', 'where that one keeps its data (LAKEGATE_DATA_DIR)').helpGroup(
        'Options:',
      ),
    )
    .option('--debug', 'say how you are signed in and where the session goes')

function psqlCommand(findLocalLogin: FindLocalLogin): Command {
  return withSignIn(withInstance(new Command('psql')))
    .description(
      'open a session in psql, or in the built-in shell, with a fresh credential (docs/connect.md)',
    )
    .argument('[psql arguments...]', 'behind --, for psql')
    .option('-d, --database <name>', 'database; default: databricks_postgres')
    .option('-c, --command <statements>', 'run them and end; may be repeated', collect)
    .option('-f, --file <file>', 'run the statements of a file and end', collect)
    .option('--built-in', 'the built-in shell, also where psql is installed')
    .action(async (instance: string, words: readonly string[], flags: PsqlFlags) => {
      const { runPsql } = await import('./psql.ts')
      await runPsql(instance, words, flags, findLocalLogin)
    })
}

function proxyCommand(findLocalLogin: FindLocalLogin): Command {
  return withSignIn(withInstance(new Command('proxy')))
    .description('listen on this machine for tools that know no tokens; they log in without a password')
    .option('--database <name>', 'for clients that name none; default: databricks_postgres')
    .option('--port <port>', 'of 127.0.0.1; 0 takes a free one; default: 6432')
    .option('--socket <directory>', 'a Unix socket in this directory; without --port instead of the port')
    .option('--password-file <file>', 'clients must send the password in this file')
    .option('--allow-other-users', 'every account of this machine may connect to the port')
    .option('--drain <seconds>', 'how long Ctrl-C waits for sessions that are busy; default: 10')
    .action(async (instance: string, flags: ProxyFlags) => {
      const { runProxy } = await import('./proxy/proxy-command.ts')
      await runProxy(instance, flags, findLocalLogin)
    })
}

function credentialCommand(findLocalLogin: FindLocalLogin): Command {
  return withSignIn(withInstance(new Command('credential')))
    .description('print a fresh credential: the password for any PostgreSQL client, good for an hour')
    .option('--database <name>', 'for --pgpass and --service; default: databricks_postgres')
    .addOption(
      new Option('-o, --output <type>', 'the token alone, or with where and until when it is good').choices(
        OUTPUT_FORMATS,
      ),
    )
    .option('--pgpass', 'a line of a password file (~/.pgpass)')
    .option('--service', 'an entry of a service file (~/.pg_service.conf), which holds no secret')
    .option('--write', 'with --pgpass or --service: put it into that file, in place of the former one')
    .action(async (instance: string, flags: CredentialFlags) => {
      const { printCredential } = await import('./credential.ts')
      await printCredential(instance, flags, findLocalLogin)
    })
}

function envCommand(findLocalLogin: FindLocalLogin): Command {
  return withSignIn(withInstance(new Command('env')))
    .description('print PG* variables for a shell: eval "$(lakegate env dev)"')
    .option('--database <name>', 'database; default: databricks_postgres')
    .addOption(
      new Option('--shell <shell>', 'for which it is quoted')
        .choices(['sh', 'fish', 'powershell', 'dotenv'])
        .default('sh'),
    )
    .action(async (instance: string, flags: EnvFlags) => {
      const { printEnvironment } = await import('./env.ts')
      await printEnvironment(instance, flags, findLocalLogin)
    })
}
