/**
 * userinfo (OpenID Connect Core §5.3) and introspection (RFC 7662) for workspace tokens. The library answers both for
 * opaque tokens only; ours are JSON Web Tokens, checked as the REST API checks them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import type { Principal } from '../domain/identity.ts'
import type { WorkspaceId } from '../domain/ids.ts'
import type { VerifiedToken } from '../tokens/claims.ts'
import { authenticateClient } from './client-authentication.ts'
import { readForm } from './form.ts'

export interface TokenQuestionPorts {
  /**
   * @returns undefined for anything that gives no access to the workspace now: not a token of this workspace, expired,
   * or of a deactivated identity
   */
  readonly readToken: (
    token: string,
    workspaceId: WorkspaceId,
  ) => Promise<{ readonly token: VerifiedToken; readonly holder: Principal } | undefined>
  readonly verifySecret: (clientId: string, secret: string) => Promise<boolean>
}

export interface TokenQuestion {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly provider: Provider
  readonly workspaceId: WorkspaceId
}

/** @returns false when the path is not one of these endpoints */
export async function answerTokenQuestion(
  path: string,
  question: TokenQuestion,
  ports: TokenQuestionPorts,
): Promise<boolean> {
  const { method } = question.request
  if (path === '/v1/userinfo' && (method === 'GET' || method === 'POST')) {
    await answerUserinfo(question, ports)
    return true
  }
  if (path === '/v1/introspect' && method === 'POST') {
    await answerIntrospection(question, ports)
    return true
  }
  return false
}

async function answerUserinfo(
  { request, response, workspaceId }: TokenQuestion,
  { readToken }: TokenQuestionPorts,
): Promise<void> {
  const bearer = /^bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const found = bearer === undefined ? undefined : await readToken(bearer, workspaceId)
  if (found === undefined) {
    // RFC 6750 §3.1
    response.setHeader('www-authenticate', 'Bearer realm="lakegate", error="invalid_token"')
    answer(response, 401, {
      error: 'invalid_token',
      error_description: 'The access token is not valid here.',
    })
    return
  }
  const { holder } = found
  answer(response, 200, {
    sub: holder.id,
    name: holder.displayName,
    preferred_username: holder.name,
    ...(holder.type === 'USER' ? { email: holder.name } : {}),
  })
}

async function answerIntrospection(question: TokenQuestion, ports: TokenQuestionPorts): Promise<void> {
  const { request, response, provider, workspaceId } = question
  const form = await readForm(request)
  const token = form?.get('token') ?? ''
  if (form === undefined || token === '') {
    answer(response, 400, { error: 'invalid_request', error_description: 'token is missing' })
    return
  }
  // RFC 7662 §2.1: without client authentication, this endpoint could be used to try out tokens.
  const clientId = await authenticateClient(request, form, provider, ports.verifySecret)
  if (clientId === undefined) {
    response.setHeader('www-authenticate', 'Basic realm="lakegate"')
    answer(response, 401, { error: 'invalid_client', error_description: 'client authentication failed' })
    return
  }
  const found = await ports.readToken(token, workspaceId)
  if (found !== undefined) {
    const { token: verified, holder } = found
    answer(response, 200, {
      active: true,
      token_type: 'Bearer',
      scope: verified.scopes.join(' '),
      sub: verified.identityId,
      username: holder.name,
      exp: Math.floor(verified.expiresAt.getTime() / 1000),
      jti: verified.tokenId,
      workspace_id: verified.workspaceId,
    })
    return
  }
  const refresh = await provider.RefreshToken.find(token)
  // A refresh token is shown only to the client to which it belongs (RFC 7662 §4).
  const isTheirs = refresh?.isValid === true && refresh.clientId === clientId
  answer(
    response,
    200,
    isTheirs
      ? {
          active: true,
          token_type: 'refresh_token',
          scope: refresh.scope,
          sub: refresh.accountId,
          client_id: clientId,
          iat: refresh.iat,
          exp: refresh.exp,
        }
      : { active: false },
  )
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  })
  response.end(JSON.stringify(body))
}
