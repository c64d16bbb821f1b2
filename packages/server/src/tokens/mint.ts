/**
 * Signs the tokens that Lakegate itself creates. The OAuth library signs workspace tokens, with the claims from here.
 */
import { SignJWT } from 'jose'
import type { webcrypto } from 'node:crypto'
import type { IdentityId, InstanceUid, WorkspaceId } from '../domain/ids.ts'
import { Redacted } from '../domain/redacted.ts'
import {
  DATABASE_CREDENTIAL_TYPE,
  databaseAudience,
  SIGNATURE_ALGORITHM,
  TOKEN_LIFETIME_SECONDS,
  WORKSPACE_TOKEN_TYPE,
  workspaceAudience,
} from './claims.ts'
import { signCompact } from './sign-compact.ts'

export interface Signer {
  readonly kid: string
  readonly privateKey: webcrypto.CryptoKey
}

export interface CredentialRequest {
  readonly issuer: string
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
  readonly instances: readonly InstanceUid[]
  readonly claimSetId: string | undefined
  readonly tokenId: string
  readonly now: Date
}

/** @returns a database credential and its expiry, one hour from now in whole seconds */
export function mintDatabaseCredential(
  request: CredentialRequest,
  signer: Signer,
): { readonly token: Redacted<string>; readonly expiresAt: Date } {
  const issuedAt = Math.floor(request.now.getTime() / 1000)
  const expiresAt = issuedAt + TOKEN_LIFETIME_SECONDS
  const token = signCompact(
    { typ: DATABASE_CREDENTIAL_TYPE, kid: signer.kid },
    {
      workspace_id: request.workspaceId,
      scope: 'postgres',
      instances: request.instances,
      ...(request.claimSetId === undefined ? {} : { claims: request.claimSetId }),
      iss: request.issuer,
      sub: request.identityId,
      aud: databaseAudience(request.workspaceId),
      jti: request.tokenId,
      iat: issuedAt,
      exp: expiresAt,
    },
    signer.privateKey,
  )
  return { token: new Redacted(token), expiresAt: new Date(expiresAt * 1000) }
}

/** A workspace token signed by Lakegate itself, for grants that the OAuth library does not support (RFC 8693). */
export async function mintWorkspaceToken(
  request: Omit<CredentialRequest, 'instances' | 'claimSetId'> & {
    readonly scopes: readonly string[]
    readonly clientId: string
    readonly lifetimeSeconds: number
  },
  signer: Signer,
): Promise<Redacted<string>> {
  const issuedAt = Math.floor(request.now.getTime() / 1000)
  const token = await new SignJWT({
    ...workspaceTokenClaims(request),
    scope: request.scopes.join(' '),
    client_id: request.clientId,
  })
    .setProtectedHeader({ alg: SIGNATURE_ALGORITHM, typ: WORKSPACE_TOKEN_TYPE, kid: signer.kid })
    .setIssuer(request.issuer)
    .setJti(request.tokenId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + request.lifetimeSeconds)
    .sign(signer.privateKey)
  return new Redacted(token)
}

/** The claims of a workspace token about its holder; the OAuth library adds `iss`, `iat`, `exp` and `jti`. */
export function workspaceTokenClaims(holder: {
  readonly identityId: IdentityId
  readonly workspaceId: WorkspaceId
}) {
  return {
    sub: holder.identityId,
    aud: workspaceAudience(holder.workspaceId),
    workspace_id: holder.workspaceId,
  }
}
