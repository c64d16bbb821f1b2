/**
 * `first-access.json`: how the administrator gets in after a first start without a terminal. Mode 0600; removed when
 * one of its secrets is used, or when all of them have expired.
 */
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from '../instances/embedded/error-code.ts'
import { writeOwnFile } from '../instances/embedded/own-files.ts'
import type { Log } from '../observation/log.ts'
import { hashSecret } from '../tokens/secret.ts'
import type { Foundation } from './foundation.ts'

/** The contents, as scripts read them. */
export interface FirstAccessReport {
  readonly http_url: string
  readonly admin_user: string
  /** A personal access token; left out when the ready file holds it. */
  readonly admin_token?: string
  readonly admin_token_expires_at?: string
  readonly sign_in_link: string
  readonly sign_in_link_expires_at: string
}

export interface FirstAccess {
  readonly file: string
  /** The current contents of the file. */
  kept(): FirstAccessReport | undefined
  /** Replaces the current contents. */
  keep(report: FirstAccessReport): Promise<void>
  forget(): Promise<void>
  /** Called with the hash of every secret that was used successfully. */
  onUsed(hash: Uint8Array): void
}

/** @param log gets a line when a file cannot be read or removed; neither makes a start fail */
export async function openFirstAccess(
  dataDirectory: string,
  now: Date,
  log: Pick<Log, 'warn'>,
): Promise<FirstAccess> {
  const file = path.join(dataDirectory, 'first-access.json')
  let report: FirstAccessReport | undefined
  let hashes: readonly string[] = []

  const remember = (next: FirstAccessReport | undefined): void => {
    report = next
    hashes = next === undefined ? [] : secretsIn(next).map((secret) => hexOf(hashSecret(secret)))
  }
  const forget = async (): Promise<void> => {
    remember(undefined)
    await rm(file, { force: true })
  }
  remember(await readReport(file, log))
  if (report !== undefined && isOver(report, now)) await forget()

  return {
    file,
    kept: () => report,
    async keep(next) {
      await writeOwnFile(file, `${JSON.stringify(next, null, 2)}\n`)
      remember(next)
    },
    forget,
    onUsed(hash) {
      if (hashes.length === 0 || !hashes.includes(hexOf(hash))) return
      forget().catch((error: unknown) => {
        log.warn({ err: error, file }, 'the file with the first access cannot be removed; remove it by hand')
      })
    },
  }
}

/** The same stores, except that the methods that find a secret by its hash report its use. */
export function watchFirstAccess(
  stores: Foundation['stores'],
  { onUsed }: Pick<FirstAccess, 'onUsed'>,
): Foundation['stores'] {
  const { passwords, personalAccessTokens } = stores
  return {
    ...stores,
    passwords: {
      ...passwords,
      async usePasswordLink(hash, passwordHash, now) {
        const isSet = await passwords.usePasswordLink(hash, passwordHash, now)
        if (isSet) onUsed(hash)
        return isSet
      },
    },
    personalAccessTokens: {
      ...personalAccessTokens,
      async findPersonalAccessToken(hash, now) {
        const found = await personalAccessTokens.findPersonalAccessToken(hash, now)
        if (found !== undefined) onUsed(hash)
        return found
      },
    },
  }
}

const hexOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')

const secretsIn = ({ admin_token, sign_in_link }: FirstAccessReport): readonly string[] => [
  ...(admin_token === undefined ? [] : [admin_token]),
  sign_in_link.slice(sign_in_link.lastIndexOf('/') + 1),
]

const isOver = (report: FirstAccessReport, now: Date): boolean =>
  [report.sign_in_link_expires_at, report.admin_token_expires_at ?? report.sign_in_link_expires_at].every(
    (time) => new Date(time) < now,
  )

async function readReport(file: string, log: Pick<Log, 'warn'>): Promise<FirstAccessReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as FirstAccessReport
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) log.warn({ file }, 'the file with the first access cannot be read')
    return undefined
  }
}
