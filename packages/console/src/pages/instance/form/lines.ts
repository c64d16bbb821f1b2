/** Fields with one entry per line: tags as `key=value`, hosts as `host:port`. */
import type { CustomTag } from '@lakegate/client'

export interface Read<Item> {
  readonly read: readonly Item[]
  /** The first invalid line. */
  readonly wrong: string | undefined
}

export interface HostAndPort {
  readonly host: string
  readonly port?: number
}

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

function readLines<Item>(text: string, readOne: (line: string) => Item | undefined): Read<Item> {
  const lines = linesOf(text).map((line) => ({ line, item: readOne(line) }))
  return {
    read: lines.flatMap(({ item }) => (item === undefined ? [] : [item])),
    wrong: lines.find(({ item }) => item === undefined)?.line,
  }
}

export const readTags = (text: string): Read<CustomTag> =>
  readLines(text, (line) => {
    const [key = '', ...value] = line.split('=')
    return key.trim() === '' || value.length === 0
      ? undefined
      : { key: key.trim(), value: value.join('=').trim() }
  })

export const writeTags = (tags: readonly CustomTag[]): string =>
  tags.map(({ key, value }) => `${key}=${value}`).join('\n')

/** An IPv6 address with a port must be in brackets; without a port the brackets may be left out. */
const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:]+)|([0-9A-Fa-f:]+:[0-9A-Fa-f:]*))(?::(\d{1,5}))?$/

export const readHosts = (text: string): Read<HostAndPort> =>
  readLines(text, (line) => {
    const [, bracketed, name, bare, port] = HOST_AND_PORT.exec(line) ?? []
    const host = bracketed ?? name ?? bare
    if (host === undefined) return undefined
    return port === undefined ? { host } : { host, port: Number(port) }
  })

export const writeHosts = (hosts: readonly HostAndPort[]): string =>
  hosts
    .map(({ host, port }) => {
      const written = host.includes(':') ? `[${host}]` : host
      return port === undefined ? written : `${written}:${String(port)}`
    })
    .join('\n')
