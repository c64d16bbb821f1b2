/**
 * Sessions of people, in the token cache of the Databricks CLI (~/.databricks/token-cache.json, version 1), so that one login
 * serves both. The CLI keys a session by the name of its profile, and, for older programs, by the host as well.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { LakegateConfigurationError } from '../errors.ts'
import { isMissing, replaceFile } from './profiles.ts'
import { withSessionLock } from './session-lock.ts'

/** As the CLI writes it (golang.org/x/oauth2). Fields that are not known here are kept. */
export interface Session {
  readonly access_token: string
  readonly token_type?: string
  readonly refresh_token?: string
  /** RFC 3339; absent, or the year 1, for a token that does not expire. */
  readonly expiry?: string
  readonly [other: string]: unknown
}

/** Whose session is looked for. */
export interface SessionOwner {
  readonly host?: string
  readonly profile?: string
  readonly accountId?: string
  readonly surroundings: { readonly homeDirectory: string }
}

interface TokenCache {
  readonly version: 1
  readonly tokens: Readonly<Record<string, Session>>
  readonly [other: string]: unknown
}

const fileOf = (homeDirectory: string): string => path.join(homeDirectory, '.databricks', 'token-cache.json')

/** Under which keys the CLI keeps the session; it is found by the first one. */
function sessionKeys({ host, profile, accountId }: SessionOwner): readonly string[] {
  const hostKey =
    host === undefined
      ? []
      : /^https:\/\/accounts(-dod)?\./.test(host) && accountId !== undefined
        ? [`${host}/oidc/accounts/${accountId}`]
        : [host]
  return profile === undefined ? hostKey : [profile, ...hostKey]
}

/**
 * The session that a login of this library or of the CLI has left: that of the profile where one is known, else that of the host.
 * As in the CLI, a profile never falls back to the session of its host, which may be another person's.
 * @returns undefined where there is none, also when the cache has a format that is not known here
 */
export async function findSession(owner: SessionOwner): Promise<Session | undefined> {
  const cache = await readCache(fileOf(owner.surroundings.homeDirectory))
  const [key] = sessionKeys(owner)
  return key === undefined ? undefined : cache?.tokens[key]
}

/** Keeps what a login brought, for this library and for the CLI. */
export async function storeSession(owner: SessionOwner, session: Session): Promise<void> {
  await withSessionLock(owner.surroundings.homeDirectory, () => writeSession(owner, session))
}

/** Forgets the session of an owner. */
export async function removeSession(owner: SessionOwner): Promise<void> {
  await withSessionLock(owner.surroundings.homeDirectory, () => writeSession(owner, undefined))
}

/** For who holds the lock. @throws when the cache has a format that is not known here, and would be lost */
export async function writeSession(owner: SessionOwner, session: Session | undefined): Promise<void> {
  const file = fileOf(owner.surroundings.homeDirectory)
  const text = await readTextOf(file)
  const cache = text === undefined ? { version: 1, tokens: {} } : parseCache(text)
  if (cache === undefined)
    throw new LakegateConfigurationError(
      `${file} has a format that is not known here; it is left as it is.`,
      'Sign in with the program that wrote it: databricks auth login',
    )
  const tokens = new Map(Object.entries(cache.tokens))
  for (const key of sessionKeys(owner))
    if (session === undefined) tokens.delete(key)
    else tokens.set(key, session)
  await replaceFile(file, JSON.stringify({ ...cache, tokens: Object.fromEntries(tokens) }, null, 2))
}

async function readCache(file: string): Promise<TokenCache | undefined> {
  const text = await readTextOf(file)
  return text === undefined ? undefined : parseCache(text)
}

async function readTextOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function parseCache(text: string): TokenCache | undefined {
  let cache: unknown
  try {
    cache = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof cache !== 'object' || cache === null || !('version' in cache) || cache.version !== 1)
    return undefined
  const tokens = 'tokens' in cache && cache.tokens !== null ? cache.tokens : {}
  if (typeof tokens !== 'object' || !Object.values(tokens).every(isSession)) return undefined
  return { ...cache, version: 1, tokens: tokens as Record<string, Session> }
}

const isSession = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'access_token' in value &&
  typeof value.access_token === 'string'

/** @returns undefined for a token that does not expire */
export function expiryOf({ expiry }: Session): Date | undefined {
  if (expiry === undefined || expiry === '' || expiry.startsWith('0001-')) return undefined
  // Go writes nanoseconds, which not every runtime reads.
  const time = new Date(expiry.replace(/(\.\d{3})\d+/, '$1'))
  // A time that nobody can read is over: the session is renewed, and written anew.
  return Number.isNaN(time.getTime()) ? new Date(0) : time
}
