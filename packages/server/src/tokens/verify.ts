/**
 * Verifies a token that was sent as a password or as a bearer token. Algorithm, type, issuer, audience and key id are
 * pinned; nothing is ever fetched from an address in the token (RFC 8725 §3; attacks 16–19, 22). Keys and clock are
 * arguments, so the result depends on the arguments only.
 */
import { compactVerify, errors, type JWTPayload } from 'jose'
import type { webcrypto } from 'node:crypto'
import {
  parseIdentityId,
  parseInstanceUid,
  parseWorkspaceId,
  type InstanceUid,
  type WorkspaceId,
} from '../domain/ids.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  DATABASE_CREDENTIAL_TYPE,
  databaseAudience,
  LONGEST_TOKEN,
  SIGNATURE_ALGORITHM,
  TOKEN_LIFETIME_SECONDS,
  WORKSPACE_TOKEN_TYPE,
  workspaceAudience,
  type VerifiedToken,
} from './claims.ts'
import { looksLikePersonalAccessToken } from './secret.ts'

export interface TokenRejection {
  readonly rejected: 'personal_access_token' | 'not_decodable' | 'wrong_kind' | 'expired' | 'not_yet_valid'
  readonly expiresAt?: Date
  readonly notBefore?: Date
}

export interface VerificationContext {
  /** The exact issuer of that workspace's OAuth server; that of the first workspace for a token that names none. */
  readonly issuerOf: (workspaceId: WorkspaceId | undefined) => Promise<string | undefined>
  readonly keys: { verificationKey(kid: string): Promise<webcrypto.CryptoKey | undefined> }
  readonly now: Date
}

const NOT_DECODABLE: TokenRejection = { rejected: 'not_decodable' }
/**
 * Canonical base64url: no padding, no blanks, and zero in the unused bits of the last character (RFC 4648 §3.5), so
 * that one signature has exactly one text.
 */
const SEGMENT = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$/

/** Accepts a token that is valid as a password: a workspace token or a database credential. */
export async function verifyLoginToken(
  token: string,
  context: VerificationContext,
): Promise<VerifiedToken | TokenRejection> {
  if (looksLikePersonalAccessToken(token)) return { rejected: 'personal_access_token' }
  const genuine = await verifySignedToken(token, context)
  if ('rejected' in genuine) return genuine
  const claims = readCommonClaims(genuine.payload)
  if (claims === undefined) return { rejected: 'wrong_kind' }
  const { workspaceId, common } = claims
  if (genuine.type === WORKSPACE_TOKEN_TYPE && genuine.payload.aud === workspaceAudience(workspaceId)) {
    return { kind: 'workspace_token', instances: 'all_of_workspace', claimSetId: undefined, ...common }
  }
  if (genuine.type === DATABASE_CREDENTIAL_TYPE && genuine.payload.aud === databaseAudience(workspaceId)) {
    const instances = readInstances(genuine.payload['instances'])
    const claimSetId = genuine.payload['claims']
    // Claims that cannot be read must not turn this into a token without claims.
    if (instances === undefined || !(claimSetId === undefined || typeof claimSetId === 'string'))
      return { rejected: 'wrong_kind' }
    return { kind: 'database_credential', instances, claimSetId, ...common }
  }
  return { rejected: 'wrong_kind' }
}

/** Accepts a token that is valid for the REST API of one workspace: never a database credential (attack 19). */
export async function verifyWorkspaceToken(
  token: string,
  workspaceId: WorkspaceId,
  context: VerificationContext,
): Promise<VerifiedToken | TokenRejection> {
  return asWorkspaceToken(await verifyLoginToken(token, context), workspaceId)
}

/** Rejects a verified token that is not valid for the REST API of that workspace. */
export function asWorkspaceToken(
  verified: VerifiedToken | TokenRejection,
  workspaceId: WorkspaceId,
): VerifiedToken | TokenRejection {
  if ('rejected' in verified) return verified
  return verified.kind === 'workspace_token' && verified.workspaceId === workspaceId
    ? verified
    : { rejected: 'wrong_kind' }
}

export interface GenuineToken {
  readonly type: string
  readonly payload: JWTPayload
}

/** Checks signature, form of the type, issuer and times; the caller must check the kind of token and its audience. */
export async function verifySignedToken(
  token: string,
  context: VerificationContext,
): Promise<GenuineToken | TokenRejection> {
  // Checked before anything is split or decoded: a megabyte of dots must cost nothing (attack 22).
  if (token.length > LONGEST_TOKEN) return NOT_DECODABLE
  const segments = token.split('.')
  if (segments.length !== 3 || segments.some((segment) => segment === '' || !SEGMENT.test(segment)))
    return NOT_DECODABLE
  const verified = await verifySignature(token, context.keys)
  if (verified === undefined) return NOT_DECODABLE
  const { type, payload } = verified
  if (!(await isIssuedByUs(payload, context))) return NOT_DECODABLE
  const { exp, iat, nbf } = payload
  if (!isEpochSeconds(exp) || !isEpochSeconds(iat) || (nbf !== undefined && !isEpochSeconds(nbf)))
    return NOT_DECODABLE
  if (exp - iat > TOKEN_LIFETIME_SECONDS) return NOT_DECODABLE
  const nowSeconds = context.now.getTime() / 1000
  if (exp <= nowSeconds) return { rejected: 'expired', expiresAt: new Date(exp * 1000) }
  const notBefore = Math.max(nbf ?? 0, iat)
  if (notBefore > nowSeconds + CLOCK_TOLERANCE_SECONDS)
    return { rejected: 'not_yet_valid', notBefore: new Date(notBefore * 1000) }
  return { type, payload }
}

async function isIssuedByUs(payload: JWTPayload, { issuerOf }: VerificationContext): Promise<boolean> {
  const named = payload['workspace_id']
  const workspaceId = typeof named === 'string' ? parseWorkspaceId(named) : undefined
  const issuer = await issuerOf(workspaceId)
  return issuer !== undefined && payload.iss === issuer
}

/** The header may contain `alg`, `typ` and `kid` only: `jku`, `jwk`, `x5u` and `crit` are refused. */
async function verifySignature(
  token: string,
  keys: VerificationContext['keys'],
): Promise<GenuineToken | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(
      token,
      async (header) => {
        if (Object.keys(header).some((name) => !['alg', 'typ', 'kid'].includes(name)))
          throw new errors.JWSInvalid()
        if (typeof header.kid !== 'string' || header.kid.length > 128) throw new errors.JWSInvalid()
        const key = await keys.verificationKey(header.kid)
        if (key === undefined) throw new errors.JWKSNoMatchingKey()
        return key
      },
      { algorithms: [SIGNATURE_ALGORITHM] },
    )
    if (typeof protectedHeader.typ !== 'string') return undefined
    return {
      type: protectedHeader.typ,
      payload: parseClaims(new TextDecoder('utf-8', { fatal: true }).decode(payload)),
    }
  } catch (error) {
    // jose's errors and undecodable bytes mean a bad token; an error of the key store does not.
    if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError)
      return undefined
    throw error
  }
}

function parseClaims(text: string): JWTPayload {
  const claims: unknown = JSON.parse(text)
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new SyntaxError('claims are not an object')
  return claims as JWTPayload
}

/**
 * The claims about the holder that every token has; undefined when a claim is missing or has another type (attack 22).
 */
function readCommonClaims(payload: JWTPayload) {
  const { sub, jti, exp } = payload
  const workspace = payload['workspace_id']
  const scope = payload['scope']
  if (
    typeof sub !== 'string' ||
    typeof jti !== 'string' ||
    typeof workspace !== 'string' ||
    typeof scope !== 'string'
  ) {
    return undefined
  }
  const identityId = parseIdentityId(sub)
  const workspaceId = parseWorkspaceId(workspace)
  if (identityId === undefined || workspaceId === undefined || exp === undefined) return undefined
  const scopes = scope.split(' ').filter((word) => word !== '')
  return {
    workspaceId,
    common: { tokenId: jti, identityId, workspaceId, scopes, expiresAt: new Date(exp * 1000) },
  }
}

function readInstances(value: unknown): readonly InstanceUid[] | undefined {
  if (!Array.isArray(value)) return undefined
  const uids = value.map((item: unknown) => (typeof item === 'string' ? parseInstanceUid(item) : undefined))
  return uids.every((uid) => uid !== undefined) ? uids : undefined
}

/** RFC 7519 §2 allows fractions; ours are whole numbers, so a fraction, a string or 1e308 is not from us. */
const isEpochSeconds = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 40
