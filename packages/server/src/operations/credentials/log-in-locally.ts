/**
 * Signs the administrator in who owns the data directory of a running Lakegate: whoever reaches its socket for that has the
 * rights of the account that runs Lakegate, and so the master key and the system database, from which anybody can be signed
 * in (docs/security-model.md). They get a personal access token that lives an hour and is revoked when this Lakegate stops.
 */
import type { IdentityId, WorkspaceId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { AuditLog } from '../ports/audit.ts'
import type { Clock } from '../ports/clock.ts'
import type { PersonalAccessTokenStore } from '../ports/personal-access-tokens.ts'
import { issuePersonalAccessToken, type NewSecret } from './issue-personal-access-token.ts'

const LIFETIME_SECONDS = 60 * 60
/** A token with less time left is not handed out again. */
const LEAST_LEFT_MS = 30 * 60 * 1000

export interface LocalLoginPorts {
  readonly store: Pick<
    PersonalAccessTokenStore,
    'insertPersonalAccessToken' | 'listPersonalAccessTokens' | 'deletePersonalAccessToken'
  >
  readonly generate: () => NewSecret
  readonly clock: Clock
  readonly audit: AuditLog
}

export interface LocalLogin {
  /** Every call is on record. @throws Fault of the store */
  logIn(): Promise<{ readonly token: Redacted<string>; readonly expiresAt: Date }>
  /** Revokes every token that was handed out. */
  end(): Promise<void>
}

interface Issued {
  readonly id: string
  readonly token: Redacted<string>
  readonly expiresAt: Date
}

export function createLocalLogin(
  ports: LocalLoginPorts,
  administrator: {
    readonly identity: { readonly id: IdentityId; readonly name: string }
    readonly workspaceId: WorkspaceId
  },
): LocalLogin {
  const { identity, workspaceId } = administrator
  let issued: readonly Issued[] = []
  /** One request at a time, so that callers at the same moment share one token. */
  let latest: Promise<Issued> | undefined

  async function currentToken(): Promise<Issued> {
    const now = ports.clock()
    // Expired ones are removed from the store by others.
    issued = issued.filter(({ expiresAt }) => expiresAt > now)
    const usable = issued.find(({ expiresAt }) => expiresAt.getTime() - now.getTime() >= LEAST_LEFT_MS)
    if (usable !== undefined && (await isStillThere(usable, now))) return usable
    const { id, token } = await issuePersonalAccessToken(ports, {
      identityId: identity.id,
      workspaceId,
      comment: 'local login',
      lifetimeSeconds: LIFETIME_SECONDS,
      now,
    })
    const made = { id, token, expiresAt: new Date(now.getTime() + LIFETIME_SECONDS * 1000) }
    issued = [...issued, made]
    return made
  }

  /** Anybody who may can revoke it, like every other token. */
  async function isStillThere({ id }: Issued, now: Date): Promise<boolean> {
    const found = await ports.store.listPersonalAccessTokens(workspaceId, identity.id, now)
    if (found.some((token) => token.id === id)) return true
    issued = issued.filter((one) => one.id !== id)
    return false
  }

  return {
    async logIn() {
      latest ??= currentToken().finally(() => {
        latest = undefined
      })
      const { id, token, expiresAt } = await latest
      ports.audit.record({
        event: 'local_login',
        outcome: 'admitted',
        identityId: identity.id,
        identityName: identity.name,
        workspaceId,
        tokenId: id,
      })
      return { token, expiresAt }
    },
    async end() {
      await latest?.catch(() => undefined)
      const revoked = issued
      issued = []
      for (const { id } of revoked) await ports.store.deletePersonalAccessToken(workspaceId, id, identity.id)
    },
  }
}
