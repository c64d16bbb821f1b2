/**
 * Storage for oidc-provider, in the system database. Clients come from elsewhere (clients.ts); access tokens are JSON
 * Web Tokens and are not stored (RFC 9068).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { errors, type Adapter, type AdapterFactory, type AdapterPayload } from 'oidc-provider'
import { parseIdentityId, type WorkspaceId } from '../domain/ids.ts'
import type { Clock } from '../operations/ports/clock.ts'
import type { OAuthRecord, OAuthRecordStore } from '../operations/ports/oauth.ts'
import { hashSecret } from '../tokens/secret.ts'
import { currentVisitor, tooMuchBegun } from './visitor.ts'
import { fromKeptPayload, toKeptPayload, type Handles } from './kept-payload.ts'

/**
 * Several processes of one user race with the same refresh token, as the CLI's do (wire-contract §3.6): within this
 * time a second use is answered too. A later use is treated as theft, and ends the whole family (RFC 9700 §4.14.2).
 */
const REFRESH_REUSE_GRACE_MS = 10_000

const COMPLETE_IN_THEMSELVES = ['ClientCredentials', 'AccessToken']

export interface AdapterPorts {
  readonly records: OAuthRecordStore
  readonly findClient: (clientId: string) => Promise<AdapterPayload | undefined>
  readonly clock: Clock
  readonly workspaceId: WorkspaceId
  /** Signs the handles with which the library refers to records whose id is no longer known. */
  readonly handleKey: string
}

export function createAdapterFactory(ports: AdapterPorts): AdapterFactory {
  const { records, workspaceId, clock } = ports
  return (kind): Adapter => {
    if (kind === 'Client') return clientAdapter(ports.findClient)
    const handles: Handles = {
      hashOf: (id) => hashOfHandle(id, ports.handleKey) ?? hashSecret(id),
      handleOf: (hash) => handleOf(hash, ports.handleKey),
    }
    const { hashOf } = handles
    const show = (record: OAuthRecord | undefined, id?: string): AdapterPayload | undefined =>
      record === undefined
        ? undefined
        : {
            ...fromKeptPayload(id ?? handles.handleOf(record.idHash), record.payload, handles),
            ...consumption(kind, record, clock()),
          }
    return {
      async upsert(id, payload, expiresInSeconds = 0) {
        if (COMPLETE_IN_THEMSELVES.includes(kind)) return
        const now = clock()
        const identityId = parseIdentityId(payload.accountId ?? accountOfResult(payload) ?? '')
        const retryAfterSeconds = await records.save({
          workspaceId,
          kind,
          idHash: hashOf(id),
          payload: toKeptPayload(id, payload, handles),
          identityId,
          grantId: payload.grantId,
          uid: payload.uid,
          userCode: payload.userCode,
          now,
          expiresAt: expiresInSeconds > 0 ? new Date(now.getTime() + expiresInSeconds * 1000) : undefined,
          origin: identityId === undefined ? currentVisitor()?.origin : undefined,
        })
        if (retryAfterSeconds !== undefined) throw tooMuchBegun(retryAfterSeconds)
      },
      find: async (id) => show(await records.find(workspaceId, kind, hashOf(id)), id),
      findByUid: async (uid) => show(await records.findByUid(workspaceId, kind, uid)),
      async findByUserCode(code) {
        const found = show(await records.findByUserCode(workspaceId, kind, code))
        return found === undefined ? undefined : { ...found, userCode: code }
      },
      async consume(id) {
        const isFirst = await records.consume(workspaceId, kind, hashOf(id), clock())
        // RFC 6749 §4.1.2: if two requests redeem one code at the same moment, one of them fails (attack 32).
        if (!isFirst && kind !== 'RefreshToken') throw new errors.InvalidGrant(`${kind} already used`)
      },
      destroy: (id) => records.remove(workspaceId, kind, hashOf(id)),
      revokeByGrantId: (grantId) => records.removeGrant(workspaceId, grantId),
    }
  }
}

/**
 * So that a sign-in whose password was accepted, but which is not a session yet, is ended together with the sessions of
 * its user.
 */
const accountOfResult = ({ result }: AdapterPayload): string | undefined =>
  (result as { readonly login?: { readonly accountId?: string } } | undefined)?.login?.accountId

/** `~<hash>~<signature>`: stands for an id inside the server; somebody who has read the database cannot forge one. */
const HANDLE = /^~([0-9a-f]{64})~([0-9a-f]{64})$/
const sign = (hash: string, key: string): string => createHmac('sha256', key).update(hash).digest('hex')

function handleOf(idHash: Uint8Array, key: string): string {
  const hash = Buffer.from(idHash).toString('hex')
  return `~${hash}~${sign(hash, key)}`
}

function hashOfHandle(id: string, key: string): Uint8Array | undefined {
  const [, hash, signature] = HANDLE.exec(id) ?? []
  if (hash === undefined || signature === undefined) return undefined
  const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(sign(hash, key)))
  return isOurs ? Buffer.from(hash, 'hex') : undefined
}

/** When the record was consumed; left out while a second use is still allowed. */
function consumption(kind: string, { consumedAt }: OAuthRecord, now: Date): { readonly consumed?: number } {
  const isWithinGrace =
    kind === 'RefreshToken' &&
    consumedAt !== undefined &&
    now.getTime() - consumedAt.getTime() < REFRESH_REUSE_GRACE_MS
  return consumedAt === undefined || isWithinGrace
    ? {}
    : { consumed: Math.floor(consumedAt.getTime() / 1000) }
}

function clientAdapter(findClient: (clientId: string) => Promise<AdapterPayload | undefined>): Adapter {
  const refuse = (): Promise<never> => Promise.reject(new Error('clients are not kept by the OAuth library'))
  return {
    find: findClient,
    upsert: refuse,
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
  }
}
