/**
 * The token exchange grant (RFC 8693). Clients send it without client authentication (wire-contract §3.7), which the
 * OAuth library does not allow; so it is answered before the library sees the request.
 */
import { IncomingMessage, type ServerResponse } from 'node:http'
import { errors } from 'oidc-provider'
import { Fault } from '../domain/fault.ts'
import type { Workspace } from '../domain/workspace.ts'
import type { ExchangedToken, ExchangeRequest } from '../operations/credentials/exchange-token.ts'
import { RefusedError } from '../operations/refused-error.ts'
import { toHttpRefusal } from '../policy/refusals.ts'
import { workspaceAudience } from '../tokens/claims.ts'
import { requireOwnResource } from './own-resource.ts'

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** RFC 8693 §2.2.1 */
const ISSUED_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
const LARGEST_FORM = 64 * 1024

export type ExchangeToken = (request: ExchangeRequest) => Promise<ExchangedToken>

/**
 * @returns undefined when the request was answered; otherwise the request to continue with, whose body can be read
 * again
 */
export async function answerTokenExchange(
  request: IncomingMessage & { originalUrl?: string },
  response: ServerResponse,
  facts: { readonly workspace: Workspace; readonly issuer: string },
  exchange: ExchangeToken,
  log: { warn(fields: object, message: string): void },
): Promise<IncomingMessage | undefined> {
  const body = await readWhole(request)
  if (body === undefined) {
    // The rest of the body is not read, so the connection is closed after the answer, in an orderly way.
    response.setHeader('connection', 'close')
    answer(response, 413, { error: 'invalid_request', error_description: 'the request is too large' })
    return undefined
  }
  const form = new URLSearchParams(body.toString('utf8'))
  if (form.get('grant_type') !== TOKEN_EXCHANGE_GRANT) return replay(request, body)
  const requested = form.get('requested_token_type')
  if (requested !== null && requested !== ISSUED_TYPE) {
    answer(response, 400, { error: 'invalid_request', error_description: 'only access tokens are issued' })
    return undefined
  }
  try {
    // RFC 8693 §2.1: named by its address, or by its logical name here.
    requireOwnResource(
      [...form.getAll('resource'), ...form.getAll('audience')],
      workspaceAudience(facts.workspace.id),
    )
    const exchanged = await exchange({
      subjectToken: form.get('subject_token') ?? '',
      subjectTokenType: form.get('subject_token_type') ?? '',
      clientId: form.get('client_id') ?? undefined,
      scope: form.get('scope') ?? undefined,
      workspaceId: facts.workspace.id,
      issuer: facts.issuer,
    })
    answer(response, 200, {
      access_token: exchanged.token.reveal(),
      issued_token_type: ISSUED_TYPE,
      token_type: 'Bearer',
      expires_in: exchanged.expiresInSeconds,
      scope: exchanged.scope,
    })
  } catch (error) {
    if (error instanceof errors.InvalidTarget) {
      answer(response, 400, { error: error.error, error_description: error.error_description })
    } else if (error instanceof RefusedError) {
      const refusal = toHttpRefusal(error.refusal)
      answer(response, 400, { error: 'invalid_grant', error_description: refusal?.message ?? 'refused' })
    } else if (error instanceof Fault && error.code === 'identity_provider_unreachable') {
      // The reason is only for the operator: a stranger must learn nothing about our network (attack 36).
      log.warn({ err: error }, 'the keys of an identity provider cannot be had')
      answer(response, 400, {
        error: 'invalid_grant',
        error_description: 'The keys of the issuer cannot be fetched. Ask the operator, or try again later.',
      })
    } else throw error
  }
  return undefined
}

async function readWhole(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop must not destroy the connection, or the client could not read the answer.
  const bytes = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > LARGEST_FORM) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The same request from its beginning: what was read of its body can be read again. */
function replay(request: IncomingMessage & { originalUrl?: string }, body: Buffer): IncomingMessage {
  const again: IncomingMessage & { originalUrl?: string } = new IncomingMessage(request.socket)
  const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor, originalUrl } =
    request
  Object.assign(again, { method, url, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor })
  again.headers = headers
  // Marked as complete: otherwise its end would look like a client that disconnected, and the connection would be
  // closed.
  again.complete = true
  if (originalUrl !== undefined) again.originalUrl = originalUrl
  again.push(body)
  again.push(null)
  return again
}

function answer(response: ServerResponse, status: number, body: object): void {
  // RFC 6749 §5.1
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  })
  response.end(JSON.stringify(body))
}
