/** `lakegate credential`: a fresh token for any client; as a line of a password file, or an entry of a service file. */
import { wrongUsage } from '../exit-codes.ts'
import { rootCertificateOf } from './ca-file.ts'
import type { ConnectFlags, FindLocalLogin } from './connect-flags.ts'
import { passwordLine, serviceEntry, withPasswordLine, withServiceEntry } from './libpq-files.ts'
import { fileOfHome } from './own-directories.ts'
import { changePrivateFile } from './private-file.ts'
import { connectionOptions } from './psql.ts'
import { signIn } from './sign-in.ts'

export interface CredentialFlags extends ConnectFlags {
  readonly output?: 'text' | 'json'
  readonly pgpass?: boolean
  readonly service?: boolean
  readonly write?: boolean
}

/** @throws CommandFailure */
export async function printCredential(
  instance: string,
  flags: CredentialFlags,
  findLocalLogin: FindLocalLogin,
): Promise<void> {
  refuseContradictions(flags)
  const signedIn = await signIn(flags, findLocalLogin)
  try {
    const target = await signedIn.connection(instance, connectionOptions(flags))
    if (flags.service === true) {
      const entry = serviceEntry(instance, target, await rootCertificateOf(target.ca))
      await hand(entry, flags, serviceFile(), (before) => withServiceEntry(before, instance, entry))
      return
    }
    const { value, expiresAt } = await target.credentials.token()
    if (flags.pgpass === true) {
      const line = passwordLine(target, value)
      await hand(line, flags, passwordFile(), (before) => withPasswordLine(before, line))
      return
    }
    const { host, port, database, user } = target
    process.stdout.write(
      flags.output !== 'json'
        ? `${value}\n`
        : `${JSON.stringify({ token: value, expiration_time: expiresAt?.toISOString() ?? null, host, port, database, user }, null, 2)}\n`,
    )
  } finally {
    signedIn.close()
  }
}

function refuseContradictions({ output, pgpass, service, write }: CredentialFlags): void {
  const forms = [pgpass === true, service === true, output === 'json'].filter(Boolean)
  if (forms.length > 1)
    throw wrongUsage('--pgpass, --service and --output json do not go together.', 'Take one of them.')
  if (write === true && pgpass !== true && service !== true)
    throw wrongUsage('It is not clear what to write.', 'Say --pgpass or --service as well.')
}

/** Prints it, or puts it into the file. */
async function hand(
  text: string,
  { write }: CredentialFlags,
  file: string,
  change: (before: string) => string,
): Promise<void> {
  if (write !== true) {
    process.stdout.write(text)
    return
  }
  await changePrivateFile(file, change)
  process.stderr.write(`${file} is up to date.\n`)
}

const passwordFile = (): string => fileOfHome('PGPASSFILE', '.pgpass')
/** Its variable, PGSERVICEFILE, is taken away from every command (postgres-variables.ts). */
const serviceFile = (): string => fileOfHome('PGSERVICEFILE', '.pg_service.conf')
