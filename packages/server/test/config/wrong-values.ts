/**
 * Values that cannot be used, for every kind of setting: of another type, out of range, a file that is missing or closed, a
 * host that nobody reaches. A kind without any fails its test.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { SETTINGS, type SettingDefinition, type SettingName } from '../../src/config/settings.ts'

export interface WrongValue {
  readonly what: string
  readonly value: string
}

const wrong = (what: string, value: string): WrongValue => ({ what, value })

/** Text that no kind takes. */
const UNUSABLE_TEXT = wrong('with a zero byte', 'a\0b')

const FOR_RANGES = [wrong('no address', '10.0.0.0/8,lakegate'), wrong('too many bits', '10.0.0.0/33')]

/** @param place a directory in which files may be made */
const BY_KIND: Readonly<
  Record<SettingDefinition['kind'], (place: string, definition: SettingDefinition) => readonly WrongValue[]>
> = {
  text: () => [],
  choice: (_place, { choices = [] }) => [
    wrong('another word', 'perhaps'),
    wrong('another case', (choices[0] ?? '').toUpperCase()),
  ],
  on_off: () => [wrong('another word', 'yes'), wrong('another case', 'OFF')],
  port: () => [wrong('a word', 'http'), wrong('too large', '65536'), wrong('negative', '-1')],
  whole_number: (_place, { least = 0, most = 0 }) => [
    wrong('a word', 'many'),
    wrong('a fraction', '1.5'),
    wrong('negative', '-1'),
    wrong('too large', String(most + 1)),
    ...(least > 0 ? [wrong('too small', String(least - 1))] : []),
  ],
  directory: (place) => [
    wrong('a file', fileIn(place)),
    wrong('below a file', `${fileIn(place)}/data`),
    wrong('where the system lets nobody make any', '/proc/lakegate/data'),
    wrong('a directory that is used for something else', directoryIn(place)),
    wrong('with a colon', path.join(place, 'a:b')),
    wrong('with a line in it', path.join(place, 'a\nb')),
  ],
  file: wrongFiles,
  kept_file: (place) => [
    ...wrongFiles(place).filter(({ what }) => what !== 'missing'),
    wrong('missing, like its directory', path.join(place, 'none', 'file')),
  ],
  written_file: (place) => [
    wrong('a directory', place),
    wrong('a file of something else', fileIn(place)),
    wrong('a link to a file of something else', linkTo(place, fileIn(place))),
    wrong('in a directory that is missing', path.join(place, 'none', 'ready.json')),
    wrong('below a file', path.join(fileIn(place), 'ready.json')),
    wrong('where the system lets nobody write', '/proc/lakegate.json'),
  ],
  postgresql: (place) => [
    wrong('missing', path.join(place, 'none')),
    wrong('another directory', place),
    wrong('programs that cannot be run', programsIn(place)),
  ],
  account: () => [wrong('no name', '-u root'), wrong('unknown', 'no-such-account-here')],
  host: () => [
    wrong('with a scheme', 'http://localhost'),
    wrong('with a port', 'localhost:80'),
    wrong('with a blank', 'local host'),
    wrong('an address of another machine', '203.0.113.7'),
  ],
  addresses: () => [wrong('a host name', 'localhost'), wrong('an empty entry', '127.0.0.1,')],
  ranges: () => FOR_RANGES,
  domain: () => [
    wrong('an address', '10.0.0.1'),
    wrong('with a scheme', 'https://db.example.com'),
    wrong('too long', `${'a.'.repeat(100)}example`),
  ],
  origin: () => [
    wrong('without a scheme', 'lakegate.example.com'),
    wrong('with a path', 'https://lakegate.example.com/api'),
    wrong('of another scheme', 'ftp://lakegate.example.com'),
    wrong('with a password', 'https://u:p@lakegate.example.com'),
  ],
  issuer: () => [
    wrong('without a scheme', 'login.example.com'),
    wrong('with a query', 'https://login.example.com/?a=b'),
    wrong('plain HTTP', 'http://login.example.com'),
  ],
  database_url: () => [
    wrong('without a scheme', 'db.example.com/lakegate'),
    wrong('of another database', 'mysql://u:hunter2@127.0.0.1/lakegate'),
    wrong('with a word for TLS that is none', 'postgres://u:hunter2@127.0.0.1/lakegate?sslmode=always'),
    wrong('where nothing listens', 'postgres://lakegate:hunter2@127.0.0.1:1/lakegate'),
    wrong('of an unknown host', 'postgres://lakegate:hunter2@no-such-host.invalid/lakegate'),
    wrong(
      'with a missing certificate',
      'postgres://lakegate:hunter2@127.0.0.1:1/lakegate?sslrootcert=/none.pem',
    ),
  ],
  user_name: () => [
    wrong('no e-mail address', 'admin'),
    wrong('with a blank', 'ada lovelace@example.com'),
    wrong('longer than a role', `${'a'.repeat(60)}@example.com`),
    wrong('with a letter that nobody sees', 'ada\u200b@example.com'),
  ],
  instance_name: () => [
    wrong('with an underscore', 'my_instance'),
    wrong('beginning with a digit', '1st'),
    wrong('too long', 'a'.repeat(64)),
  ],
  extensions: () => [wrong('no name', 'vector;'), wrong('a dangerous one', 'dblink')],
  dangerous_extensions: () => [wrong('a pattern', 'post*')],
}

/** Contents that cannot be used, of files that are there. */
const BY_SETTING: Partial<Record<SettingName, (place: string) => readonly WrongValue[]>> = {
  'master-key-file': (place) => [wrong('no key', fileIn(place, 'too short'))],
  'tls-certificate-file': (place) => [wrong('no certificate', fileIn(place, 'no PEM'))],
  'tls-key-file': (place) => [wrong('no key', fileIn(place, 'no PEM'))],
  'http-certificate-file': (place) => [wrong('no certificate', fileIn(place, 'no PEM'))],
  'http-key-file': (place) => [wrong('no key', fileIn(place, 'no PEM'))],
  'metrics-token-file': (place) => [wrong('empty', fileIn(place, '\n'))],
  'sign-in-provider-client-secret-file': (place) => [wrong('empty', fileIn(place, '\n'))],
  'gateway-host': () => [wrong('all addresses without a domain', '0.0.0.0')],
}

export function wrongValuesOf(name: SettingName, place: string): readonly WrongValue[] {
  const definition: SettingDefinition = SETTINGS[name]
  return [
    ...BY_KIND[definition.kind](place, definition),
    ...(BY_SETTING[name]?.(place) ?? []),
    UNUSABLE_TEXT,
    ...(definition.mayBeEmpty === true ? [] : [wrong('empty', '')]),
  ]
}

function wrongFiles(place: string): readonly WrongValue[] {
  return [
    wrong('missing', path.join(place, 'none')),
    wrong('a directory', place),
    wrong('a device that never ends', '/dev/zero'),
    // Root reads whatever there is.
    ...(process.getuid?.() === 0 ? [] : [wrong('closed', fileIn(place, 'closed', 0o000))]),
  ]
}

function fileIn(place: string, contents = 'text', mode = 0o644): string {
  const file = path.join(place, crypto.randomUUID())
  writeFileSync(file, contents, { mode })
  return file
}

function directoryIn(place: string): string {
  const directory = path.join(place, crypto.randomUUID())
  mkdirSync(directory)
  chmodSync(directory, 0o755)
  fileIn(directory)
  return directory
}

function linkTo(place: string, target: string): string {
  const link = path.join(place, crypto.randomUUID())
  symlinkSync(target, link)
  return link
}

function programsIn(place: string): string {
  const directory = path.join(place, crypto.randomUUID())
  mkdirSync(path.join(directory, 'bin'), { recursive: true })
  for (const program of ['postgres', 'initdb'])
    writeFileSync(path.join(directory, 'bin', program), '', { mode: 0o600 })
  return directory
}
