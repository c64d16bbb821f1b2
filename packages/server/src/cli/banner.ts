/**
 * What a person reads when Lakegate is ready: where it listens, how to get in, and one command that works when pasted.
 */
import type { StandInPort } from '../domain/stand-in-port.ts'
import { describeStandIns } from './stand-in-ports.ts'

export interface BannerFacts {
  readonly httpUrl: string
  readonly accountId: string
  readonly workspace: { readonly id: string; readonly name: string }
  readonly adminUser: string
  readonly isFirstStart: boolean
  readonly access: ShownAccess | KeptAccess
  readonly caFile: string
  /** Undefined when the owner of the data directory cannot sign in without a token. */
  readonly localLogin:
    | {
        /** Undefined for the usual one. */
        readonly dataDirectory: string | undefined
        /** Whether the program is found by `npx` and not by its own name. */
        readonly isByNpm: boolean
      }
    | undefined
  readonly instance:
    | {
        readonly name: string
        readonly host: string
        readonly port: number
        /** The pooled endpoint; undefined where there is none. */
        readonly pooled: { readonly host: string; readonly port: number } | undefined
        readonly database: string
        readonly role: string
      }
    | undefined
  readonly standIns: readonly StandInPort[]
  /** Sentences about anything that is not as expected. */
  readonly remarks: readonly string[]
}

/** Shown on a terminal. */
export interface ShownAccess {
  readonly kind: 'shown'
  readonly token: string
  readonly tokenExpiresAt: Date | undefined
  /** The link with which the administrator sets a password; made at the first start. */
  readonly signInLink: { readonly url: string; readonly expiresAt: Date } | undefined
  /** A database credential of the administrator for the instance, good for one hour. */
  readonly credential: string | undefined
}

/** For output that may be kept: names the files that hold the secrets. */
export interface KeptAccess {
  readonly kind: 'kept'
  readonly tokenFile: string | undefined
  readonly signInLinkFile: string | undefined
}

/** @param isSignedInElsewhere whether a command would otherwise go to another workspace */
export function renderBanner(facts: BannerFacts, isSignedInElsewhere: boolean): string {
  const { instance, access } = facts
  const lines = [
    '',
    'Lakegate is ready.',
    '',
    `  REST and OAuth   ${facts.httpUrl}`,
    `  Administrator    ${facts.adminUser}`,
    ...(access.kind === 'shown' ? showAccess(access, facts.isFirstStart) : nameFiles(access)),
    `  Console          ${facts.httpUrl}/console`,
    `  Your account     ${facts.httpUrl}/oidc/account`,
    `  Account id       ${facts.accountId}`,
    `  Workspace        ${facts.workspace.name} (id ${facts.workspace.id})`,
    `  CA certificate   ${facts.caFile}`,
  ]
  if (instance !== undefined) {
    lines.push(
      `  Instance         ${instance.name}: ${instance.host} port ${String(instance.port)}, database ${instance.database}`,
      ...(instance.pooled === undefined
        ? []
        : [`  Pooled endpoint  ${instance.pooled.host} port ${String(instance.pooled.port)}`]),
      '',
      ...localCommand(facts.localLogin, instance.name, isSignedInElsewhere),
      ...psqlCommand(access, quoteForShell(connectionString(instance, facts.caFile))),
    )
  } else {
    lines.push('', 'No database instance is available; create one with POST /api/2.0/database/instances.')
  }
  for (const remark of [...describeStandIns(facts.standIns), ...facts.remarks]) lines.push('', remark)
  lines.push('', 'Ctrl-C stops Lakegate and its instances; the data stays.', '')
  return lines.join('\n')
}

function showAccess(access: ShownAccess, isFirstStart: boolean): readonly string[] {
  const until = access.tokenExpiresAt === undefined ? '' : ` until ${access.tokenExpiresAt.toISOString()}`
  return [
    `  Access token     ${access.token}`,
    `                   ${
      isFirstStart
        ? `(good for REST${until}; shown now and never again: keep it)`
        : `(a fresh one for this start, good for REST${until})`
    }`,
    ...(access.signInLink === undefined
      ? []
      : [
          `  First sign-in    ${access.signInLink.url}`,
          `                   (set a password there, once, until ${access.signInLink.expiresAt.toISOString()})`,
        ]),
  ]
}

function nameFiles({ tokenFile, signInLinkFile }: KeptAccess): readonly string[] {
  return [
    ...(tokenFile === undefined
      ? [
          '  Access token     none was made, because this is not a terminal; set LAKEGATE_READY_FILE to get one in a file',
        ]
      : [`  Access token     in ${tokenFile}`]),
    ...(signInLinkFile === undefined
      ? []
      : [
          `  First sign-in    by the link in ${signInLinkFile}`,
          '                   (the file is removed when its link or token is first used)',
        ]),
  ]
}

function localCommand(
  localLogin: BannerFacts['localLogin'],
  instance: string,
  isSignedInElsewhere: boolean,
): readonly string[] {
  if (localLogin === undefined) return []
  const { dataDirectory, isByNpm } = localLogin
  const where = dataDirectory === undefined ? '' : `LAKEGATE_DATA_DIR=${quoteForShell(dataDirectory)} `
  return [
    'Log in to PostgreSQL as the administrator, in a second terminal on this machine (psql need not be installed):',
    '',
    `  ${where}${isByNpm ? 'npx ' : ''}lakegate psql ${quoteForShell(instance)}${isSignedInElsewhere ? ' --local' : ''}`,
    '',
  ]
}

const psqlCommand = (access: BannerFacts['access'], connection: string): readonly string[] =>
  access.kind === 'shown' && access.credential !== undefined
    ? [
        'The same with psql alone (the password in it is good for one hour):',
        '',
        `  PGPASSWORD=${access.credential} psql ${connection}`,
      ]
    : [
        'The same with psql alone, with a token of POST /api/2.0/database/credentials as the password:',
        '',
        `  psql ${connection}`,
      ]

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

/** Only where it is needed; double quotes are easier to read, single quotes only where the shell would interpret the text. */
function quoteForShell(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `"${text}"`
}
