/** Lines of the files that libpq reads: the password file and the service file (PostgreSQL documentation, 34.16, 34.17). */
import type { InstanceConnection } from '@lakegate/client'
import { commandFailed } from '../exit-codes.ts'

type Place = Pick<InstanceConnection, 'host' | 'port' | 'database' | 'user'>

/** «If an entry needs to contain : or \, escape this character with \.» */
const escaped = (value: string): string => value.replace(/[:\\]/g, String.raw`\$&`)

/** Of every database of the instance: the credential is good for all of them. */
export const passwordLine = ({ host, port, user }: Place, token: string): string =>
  `${prefixOf({ host, port, user })}${escaped(token)}\n`

const prefixOf = ({ host, port, user }: Pick<Place, 'host' | 'port' | 'user'>): string =>
  `${[host, String(port), '*', user].map((value) => (value === '*' ? value : escaped(value))).join(':')}:`

/** @param line replaces the one for the same place; first, because the first that fits counts */
export function withPasswordLine(before: string, line: string): string {
  // Everything up to the last colon that is not escaped; a token has none.
  const prefix = line.slice(0, line.lastIndexOf(':') + 1)
  const others = before.split('\n').filter((other) => !other.startsWith(prefix))
  return line + others.join('\n')
}

/** An entry without a secret. @throws CommandFailure for what cannot be written in this file */
export function serviceEntry(name: string, place: Place, rootCertificate: string): string {
  const lines = [
    ['host', place.host],
    ['port', String(place.port)],
    ['dbname', place.database],
    ['user', place.user],
    ['sslmode', 'verify-full'],
    ['sslrootcert', rootCertificate],
  ] as const
  for (const [key, value] of lines)
    if (/[\r\n]|^\s|\s$/.test(value))
      throw commandFailed(
        `The ${key} ${JSON.stringify(value)} cannot be written in a service file.`,
        'Such files know no quotes. Use `lakegate env` instead.',
      )
  return `[${name}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join('')}`
}

/** @param entry replaces the one of the same name */
export function withServiceEntry(before: string, name: string, entry: string): string {
  const kept: string[] = []
  let isOurs = false
  for (const line of before.split('\n')) {
    const [, section] = /^\[(.*)\]\s*$/.exec(line) ?? []
    if (section !== undefined) isOurs = section === name
    if (!isOurs) kept.push(line)
  }
  const rest = kept.join('\n').trimEnd()
  return `${rest === '' ? '' : `${rest}\n\n`}${entry}`
}
