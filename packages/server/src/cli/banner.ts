/** What a person reads when Lakegate is ready: where it is, how to get in, one command that works when pasted. */

export interface BannerFacts {
  readonly httpUrl: string
  readonly adminUser: string
  readonly adminToken: string
  readonly adminTokenExpiresAt: Date | undefined
  readonly isFirstStart: boolean
  /** Where the administrator sets a password; made at the first start. */
  readonly signInLink: { readonly url: string; readonly expiresAt: Date } | undefined
  readonly caFile: string
  readonly instance:
    | {
        readonly name: string
        readonly host: string
        readonly port: number
        readonly database: string
        readonly role: string
        /** A database credential of the administrator for this instance, good for one hour. */
        readonly credential: string
      }
    | undefined
  /** Sentences about what is not as it should be. */
  readonly remarks: readonly string[]
}

export function renderBanner(facts: BannerFacts): string {
  const { instance } = facts
  const lines = [
    '',
    'Lakegate is ready.',
    '',
    `  REST and OAuth   ${facts.httpUrl}`,
    `  Administrator    ${facts.adminUser}`,
    `  Access token     ${facts.adminToken}`,
    `                   ${describeToken(facts)}`,
    ...(facts.signInLink === undefined
      ? []
      : [
          `  First sign-in    ${facts.signInLink.url}`,
          `                   (set a password there, once, until ${facts.signInLink.expiresAt.toISOString()})`,
        ]),
    `  Your account     ${facts.httpUrl}/oidc/account`,
    `  CA certificate   ${facts.caFile}`,
  ]
  if (instance !== undefined) {
    lines.push(
      `  Instance         ${instance.name}: ${instance.host} port ${String(instance.port)}, database ${instance.database}`,
      '',
      'Log in to PostgreSQL as the administrator (the password in it is good for one hour):',
      '',
      `  PGPASSWORD=${instance.credential} psql ${quoteForShell(connectionString(instance, facts.caFile))}`,
    )
  } else {
    lines.push('', 'No database instance is available; create one with POST /api/2.0/database/instances.')
  }
  for (const remark of facts.remarks) lines.push('', remark)
  lines.push('', 'Ctrl-C stops Lakegate and its instances; the data stays.', '')
  return lines.join('\n')
}

function describeToken(facts: BannerFacts): string {
  const until =
    facts.adminTokenExpiresAt === undefined ? '' : ` until ${facts.adminTokenExpiresAt.toISOString()}`
  return facts.isFirstStart
    ? `(good for REST${until}; shown now and never again: keep it)`
    : `(a fresh one for this start, good for REST${until})`
}

function connectionString(
  instance: { host: string; port: number; database: string; role: string },
  caFile: string,
): string {
  const value = (text: string) =>
    /^[A-Za-z0-9@._/:-]+$/.test(text) ? text : `'${text.replace(/(['\\])/g, '\\$1')}'`
  return [
    `host=${value(instance.host)}`,
    `port=${String(instance.port)}`,
    `dbname=${value(instance.database)}`,
    `user=${value(instance.role)}`,
    'sslmode=verify-full',
    `sslrootcert=${value(caFile)}`,
  ].join(' ')
}

/** Double quotes read best; single ones only where the text would mean something to the shell. */
function quoteForShell(text: string): string {
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `"${text}"`
}
