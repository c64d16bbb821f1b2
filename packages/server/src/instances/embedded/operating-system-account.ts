/**
 * The operating system account that PostgreSQL runs as. PostgreSQL refuses to run as root, and initdb needs a passwd
 * entry for its account (DESIGN §10); both are checked before anything is started.
 */
import { execFileSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { Fault } from '../../domain/fault.ts'

export interface OperatingSystemAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Set when processes must be started under another account than our own. */
  readonly spawnAs: { readonly uid: number; readonly gid: number } | undefined
}

/** The account of this process: the only one that peer authentication accepts. */
export function ownAccount(): { readonly name: string; readonly uid: number; readonly gid: number } {
  try {
    const { username, uid, gid } = userInfo()
    return { name: username, uid, gid }
  } catch (cause) {
    throw new Fault({
      code: 'account_without_name',
      origin: 'machine',
      message: `The account with user id ${String(process.getuid?.())} has no entry in the passwd database, which PostgreSQL requires.`,
      nextStep:
        'Run Lakegate under an account that /etc/passwd knows; in a container, add an entry for its user id.',
      cause,
    })
  }
}

/** Accounts to try, in this order. The first is used by nothing else; the operator creates it (docs/operating.md). */
const PREFERRED = ['lakegate', 'postgres', 'nobody'] as const

/**
 * @param wanted the setting postgres-account; used only when Lakegate runs as root
 * @param ownerOfClusters user id that owns the clusters of an earlier start: they keep it
 * @throws Fault account_unknown, account_without_name
 */
export function chooseAccount(wanted: string | undefined, ownerOfClusters?: number): OperatingSystemAccount {
  const own = ownAccount()
  if (own.uid !== 0) return { ...own, spawnAs: undefined }
  return preferAccount(wanted, ownerOfClusters, lookUpAccount)
}

/** @throws Fault account_unknown */
export function preferAccount(
  wanted: string | undefined,
  ownerOfClusters: number | undefined,
  lookUp: (name: string) => { readonly uid: number; readonly gid: number } | undefined,
): OperatingSystemAccount {
  const candidates = wanted === undefined ? PREFERRED : [wanted]
  const found = candidates.flatMap((name) => {
    const ids = lookUp(name)
    return ids === undefined || ids.uid === 0 ? [] : [{ name, ...ids, spawnAs: ids }]
  })
  const chosen = found.find(({ uid }) => uid === ownerOfClusters) ?? found[0]
  if (chosen !== undefined) return chosen
  throw new Fault({
    code: 'account_unknown',
    origin: 'configuration',
    message: `PostgreSQL does not run as root, and there is no unprivileged account ${candidates.join(' or ')} on this machine.`,
    nextStep: 'Name one with LAKEGATE_POSTGRES_ACCOUNT, or start Lakegate as an ordinary user.',
  })
}

/** id(1) uses the account sources of the machine: /etc/passwd, LDAP or whatever else is configured. */
function lookUpAccount(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const ask = (what: '-u' | '-g') =>
    Number(execFileSync('id', [what, '--', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    const [uid, gid] = [ask('-u'), ask('-g')]
    return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined
  } catch {
    // id(1) exits with 1 for a name that does not exist.
    return undefined
  }
}
