/** Authenticates a client of our own endpoints by a secret in the header or in the body (RFC 6749 §2.3.1). */
import type { IncomingMessage } from 'node:http'
import type { Provider } from 'oidc-provider'

/** @returns the client id, or undefined when nothing proves one; a public client has no secret to prove it */
export async function authenticateClient(
  request: IncomingMessage,
  form: URLSearchParams,
  provider: Provider,
  verifySecret: (clientId: string, secret: string) => Promise<boolean>,
): Promise<string | undefined> {
  const basic = readBasic(request.headers.authorization)
  const clientId = basic?.clientId ?? form.get('client_id') ?? undefined
  const secret = basic?.secret ?? form.get('client_secret') ?? undefined
  if (clientId === undefined) return undefined
  const client = await provider.Client.find(clientId)
  if (client === undefined || client.clientAuthMethod === 'none' || secret === undefined) return undefined
  return (await verifySecret(clientId, secret)) ? clientId : undefined
}

function readBasic(
  header: string | undefined,
): { readonly clientId: string; readonly secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [clientId, ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  if (clientId === undefined || clientId === '' || rest.length === 0) return undefined
  try {
    // Our ids and secrets contain no characters that either encoding changes (wire-contract §3.5).
    return { clientId: decodeURIComponent(clientId), secret: decodeURIComponent(rest.join(':')) }
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
