/**
 * Signs in to the Lakegate that runs on this machine, as the owner of its data directory: by a Unix socket in that directory,
 * to which only the account that runs Lakegate can connect (http/local-login.ts; docs/security-model.md). Comes after flags,
 * variables and profiles.
 */
import { lstat } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface LocalAccess {
  readonly httpUrl: string
  readonly accessToken: string
}

export type LocalLoginAnswer =
  | { readonly kind: 'signed_in'; readonly access: LocalAccess }
  /** There is no Lakegate, or it does not run. */
  | { readonly kind: 'nothing_there' }
  /** It is there, and not for this account. */
  | { readonly kind: 'refused'; readonly why: string }

const LIMIT_MS = 10_000
const NOTHING_THERE = ['ENOENT', 'ECONNREFUSED', 'ENOTDIR']

export async function logInLocally(socket: string): Promise<LocalLoginAnswer> {
  try {
    const stranger = await ownerOtherThanUs(socket)
    if (stranger !== undefined)
      return { kind: 'refused', why: `${socket} belongs to another account (uid ${String(stranger)})` }
    return await ask(socket)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (NOTHING_THERE.includes(code)) return { kind: 'nothing_there' }
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) }
  }
}

/** What a stranger serves there would lead the session, and what is typed in it, to the stranger's own database. */
async function ownerOtherThanUs(socket: string): Promise<number | undefined> {
  const { uid } = await lstat(socket)
  const own = process.getuid?.()
  return own === undefined || own === 0 || uid === own ? undefined : uid
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
