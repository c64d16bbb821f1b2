/** `lakegate env`: the variables that psql and most drivers read, quoted for a shell. */
import { rootCertificateOf } from './ca-file.ts'
import type { ConnectFlags, FindLocalLogin } from './connect-flags.ts'
import { libpqVariables } from './libpq-variables.ts'
import { connectionOptions } from './psql.ts'
import { renderVariables, type ShellName } from './render-variables.ts'
import { signIn } from './sign-in.ts'

export interface EnvFlags extends ConnectFlags {
  readonly shell: ShellName
}

/** @throws CommandFailure */
export async function printEnvironment(
  instance: string,
  flags: EnvFlags,
  findLocalLogin: FindLocalLogin,
): Promise<void> {
  const signedIn = await signIn(flags, findLocalLogin)
  try {
    const target = await signedIn.connection(instance, connectionOptions(flags))
    const { value, expiresAt } = await target.credentials.token()
    process.stdout.write(
      renderVariables(
        {
          ...libpqVariables(target, await rootCertificateOf(target.ca)),
          PGPASSWORD: value,
        },
        flags.shell,
      ),
    )
    if (expiresAt !== undefined && process.stderr.isTTY)
      process.stderr.write(`PGPASSWORD is good until ${expiresAt.toISOString()}; then run this again.\n`)
  } finally {
    signedIn.close()
  }
}
