/**
 * What a value of each kind must look like. Pure: checks that need the machine, such as whether a file exists and is
 * readable, run at a start (on-disk.ts).
 */
import { isIP } from 'node:net'
import { isInstanceName } from '../domain/database-instance.ts'
import { judgeUserName } from '../domain/names.ts'

/** Limits on the values of one setting, in addition to its kind. */
export interface ValueRules {
  readonly choices?: readonly string[]
  readonly least?: number
  readonly most?: number
  readonly mayBeEmpty?: true
}

interface Kind {
  /** Describes the allowed values, for docs/settings.md and the help. */
  readonly values: (rules: ValueRules) => string
  /** @returns what is wrong with the value, a clause; undefined when nothing is */
  readonly complain: (value: string, rules: ValueRules) => string | undefined
  /** Converts a value for the program; without it the value stays text. */
  readonly read?: (value: string) => SettingValue
}

export type SettingValue = string | number | boolean

const DOMAIN_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
/** RFC 1035 §2.3.4. */
const LONGEST_HOST = 253
/** Leaves room for the label of an instance in front of it. */
const LONGEST_DOMAIN = 190
/** PostgreSQL truncates longer role names (NAMEDATALEN). */
const LONGEST_ROLE = 63

const TLS_MODES: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

const anything = () => undefined
const called =
  (values: string): Kind['values'] =>
  () =>
    values

const isHostName = (text: string, longest: number): boolean =>
  text.length <= longest && text.split('.').every((label) => DOMAIN_LABEL.test(label))

/** The zone of a link-local address has a meaning only on this machine, so no list accepts one. */
const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%')

function isRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
  return isAddress(address) && fits && more.length === 0
}

const complainOfEntry = (
  value: string,
  isGood: (entry: string) => boolean,
  complaint: string,
): string | undefined => {
  const bad = entriesOf(value).find((entry) => !isGood(entry))
  return bad === undefined ? undefined : `${JSON.stringify(bad)} in it ${complaint}`
}

/** Splits a setting that is a list. */
export const entriesOf = (value: string): readonly string[] => value.split(',').map((entry) => entry.trim())

function parseUrl(value: string, protocols: readonly string[]): URL | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && protocols.includes(url.protocol) ? url : undefined
}

function isOrigin(value: string): boolean {
  const url = parseUrl(value, ['http:', 'https:'])
  return url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
}

function isIssuer(value: string): boolean {
  const url = parseUrl(value, ['http:', 'https:'])
  return url?.search === '' && url.hash === '' && url.username === ''
}

function complainOfUserName(value: string): string | undefined {
  if (!/^[^@]+@[^@]+$/.test(value)) return 'a user name is an e-mail address'
  const verdict = judgeUserName(value)
  if ('problem' in verdict) return `it ${verdict.problem.replace(/\.$/, '')}`
  return Buffer.byteLength(verdict.name) > LONGEST_ROLE
    ? `it is longer than the ${String(LONGEST_ROLE)} bytes of a PostgreSQL role`
    : undefined
}

const KIND_TABLE = {
  text: { values: called('text'), complain: anything },
  choice: {
    values: ({ choices = [] }) => choices.map((choice) => `\`${choice}\``).join(', '),
    complain: (value, { choices = [] }) =>
      choices.includes(value) ? undefined : `it must be one of ${choices.join(', ')}`,
  },
  on_off: {
    values: called('`on`, `off`'),
    complain: (value) => (value === 'on' || value === 'off' ? undefined : 'it must be one of on, off'),
    read: (value) => value === 'on',
  },
  port: {
    values: called('0–65535'),
    complain: (value) =>
      /^\d{1,5}$/.test(value) && Number(value) <= 65535 ? undefined : 'a port is a number from 0 to 65535',
    read: Number,
  },
  whole_number: {
    values: ({ least, most }) => `${String(least)}–${String(most)}`,
    complain: (value, { least = 0, most = Number.MAX_SAFE_INTEGER }) =>
      /^\d{1,15}$/.test(value) && Number(value) >= least && Number(value) <= most
        ? undefined
        : `it must be a whole number from ${String(least)} to ${String(most)}`,
    read: Number,
  },
  directory: {
    values: called('a directory'),
    // PostgreSQL separates directories in a list by colons, and its configuration file has one setting per line.
    complain: (value) =>
      /[:\p{Cc}]/u.test(value) ? 'it has a colon or a control character in it' : undefined,
  },
  /** Must exist and be readable. */
  file: { values: called('a file'), complain: anything },
  /** Created when it does not exist. */
  kept_file: { values: called('a file'), complain: anything },
  written_file: { values: called('a file'), complain: anything },
  postgresql: { values: called('a directory'), complain: anything },
  account: {
    values: called('name of an account'),
    complain: (value) =>
      /^[^\s:/-][^\s:/]{0,255}$/.test(value) ? undefined : 'it is not the name of an account',
  },
  host: {
    values: called('address or host name'),
    complain: (value) =>
      isAddress(value) || isHostName(value, LONGEST_HOST)
        ? undefined
        : 'it is neither an IP address nor a host name',
  },
  addresses: {
    values: called('IP addresses'),
    complain: (value) => complainOfEntry(value, isAddress, 'is not an IP address'),
  },
  ranges: {
    values: called('CIDR ranges'),
    complain: (value) => complainOfEntry(value, isRange, 'is not an IP address or a CIDR range'),
  },
  domain: {
    values: called('domain'),
    complain: (value) =>
      isIP(value) === 0 && isHostName(value, LONGEST_DOMAIN) ? undefined : 'it is not a domain name',
  },
  origin: {
    values: called('URL without a path'),
    complain: (value) =>
      isOrigin(value) ? undefined : 'it must be a URL that begins with http:// or https:// and has no path',
  },
  issuer: {
    values: called('URL'),
    complain: (value) =>
      isIssuer(value) ? undefined : 'it must be a URL that begins with https:// and has no query',
  },
  database_url: {
    values: called('URL'),
    complain(value) {
      // A URL with a user and no host is valid only for libpq, which takes the host from `?host=`.
      const url = parseUrl(value.replace('@/', '@localhost/'), ['postgres:', 'postgresql:'])
      if (url === undefined) return 'it must be a URL that begins with postgres:// or postgresql://'
      // The driver treats an unknown sslmode as verify-full.
      const mode = url.searchParams.get('sslmode')
      return mode === null || TLS_MODES.includes(mode)
        ? undefined
        : `sslmode in it must be one of ${TLS_MODES.join(', ')}`
    },
  },
  user_name: { values: called('e-mail address'), complain: complainOfUserName },
  instance_name: {
    values: called('name of an instance'),
    complain: (value) =>
      value === '' || isInstanceName(value)
        ? undefined
        : 'it must have 1 to 63 letters, digits and hyphens and begin with a letter',
  },
  /** The two lists depend on each other (check-together.ts). */
  extensions: { values: called('names of extensions'), complain: anything },
  dangerous_extensions: { values: called('names of extensions'), complain: anything },
} as const satisfies Record<string, Kind>

export type SettingKind = keyof typeof KIND_TABLE
export const SETTING_KINDS: Readonly<Record<SettingKind, Kind>> = KIND_TABLE

/** The type of a kind's values in the program, as its `read` returns them. */
export type ValueOfKind<Name extends SettingKind> = (typeof KIND_TABLE)[Name] extends {
  readonly read: (value: string) => infer Value
}
  ? Value
  : string

/** @param value that `complainOf` accepted */
export const readValue = (kind: SettingKind, value: string): SettingValue =>
  SETTING_KINDS[kind].read?.(value) ?? value

/** The value as it would be written in the environment or the config file. */
export const writeValue = (value: SettingValue): string =>
  typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)

/** @returns what is wrong with a value, a clause; undefined when nothing is */
export function complainOf(
  { kind, ...rules }: ValueRules & { readonly kind: SettingKind },
  value: string,
): string | undefined {
  if (value === '') return rules.mayBeEmpty === true ? undefined : 'it is empty'
  // No path, name or URL contains a zero byte; PostgreSQL and the operating system would cut the text there.
  if (value.includes('\0')) return 'it has a zero byte in it'
  return SETTING_KINDS[kind].complain(value, rules)
}
