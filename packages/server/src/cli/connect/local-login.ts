/**
 * Signs in to the Lakegate that runs on this machine, as the owner of its data directory: by a Unix socket in that directory,
 * to which only the account that runs Lakegate can connect (http/local-login.ts; docs/security-model.md). Comes after flags,
 * variables and profiles.
 */
import { lstat, stat } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'

export interface LocalAccess {
  readonly httpUrl: string
  readonly accessToken: string
}

/** Where to look for a Lakegate of this machine. */
export interface LocalLoginPlace {
  readonly socket: string
  /** Its owner is who runs that Lakegate. */
  readonly dataDirectory: string
}

export type LocalLoginAnswer =
  | { readonly kind: 'signed_in'; readonly access: LocalAccess }
  /** There is no Lakegate, or it does not run. */
  | { readonly kind: 'nothing_there' }
  /** It is there, and not for this account. */
  | { readonly kind: 'refused'; readonly why: string }

const LIMIT_MS = 10_000
const NOTHING_THERE = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR']

export async function logInLocally(place: LocalLoginPlace): Promise<LocalLoginAnswer> {
  try {
    const why = await findStranger(place)
    return why === undefined ? await ask(place.socket) : { kind: 'refused', why }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (NOTHING_THERE.includes(code)) return { kind: 'nothing_there' }
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) }
  }
}

const WRITABLE_BY_OTHERS = 0o022

/**
 * What a stranger serves there would lead the session, and what is typed in it, to the stranger's own database. The directory
 * counts as much as the socket in it, and may have a name in /tmp that everybody can work out and make first. Root can connect
 * to the socket of anybody, and trusts the owner of the data directory that was named.
 */
async function findStranger({ socket, dataDirectory }: LocalLoginPlace): Promise<string | undefined> {
  const own = process.getuid?.()
  if (own === undefined) return undefined
  const directory = path.dirname(socket)
  const [ofDirectory, ofSocket] = [await lstat(directory), await lstat(socket)]
  const trusted = own === 0 ? [0, (await stat(dataDirectory)).uid] : [own]
  for (const [name, { uid }] of [[directory, ofDirectory] as const, [socket, ofSocket] as const])
    if (!trusted.includes(uid)) return `${name} belongs to another account (uid ${String(uid)})`
  if (!ofDirectory.isDirectory()) return `${directory} is no directory`
  return (ofDirectory.mode & WRITABLE_BY_OTHERS) === 0
    ? undefined
    : `other accounts can write into ${directory}`
}

async function ask(socketPath: string): Promise<LocalLoginAnswer> {
  const asked = request({
    socketPath,
    method: 'POST',
    path: '/local-login',
    headers: { host: 'localhost', 'content-length': 0 },
    signal: AbortSignal.timeout(LIMIT_MS),
  })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const body = JSON.parse(await text(response)) as Readonly<Record<string, unknown>>
  const { http_url: httpUrl, access_token: accessToken, message } = body
  if (response.statusCode !== 200 || typeof httpUrl !== 'string' || typeof accessToken !== 'string')
    return { kind: 'refused', why: typeof message === 'string' ? message : 'its answer cannot be understood' }
  return { kind: 'signed_in', access: { httpUrl, accessToken } }
}
