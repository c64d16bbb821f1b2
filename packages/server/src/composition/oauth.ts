/** Builds the OAuth server: hands stores and operations to the pages and to oidc-provider. */
import { randomBytes, randomUUID } from 'node:crypto'
import { clientNetwork } from '../domain/client-network.ts'
import { createBalancers } from '../gateway/listening/client-address.ts'
import { closeConnection } from '../gateway/close-connection.ts'
import { abandonAnswer } from '../http/abandon-answer.ts'
import { parseIdentityId, type AccountId, type WorkspaceId } from '../domain/ids.ts'
import type { Principal } from '../domain/identity.ts'
import { Redacted } from '../domain/redacted.ts'
import { createForeignTokenVerifier } from '../keys/foreign-keys.ts'
import { exchangeToken } from '../operations/credentials/exchange-token.ts'
import { Fault } from '../domain/fault.ts'
import { createPasswordHasher } from '../keys/password-hash.ts'
import { createUpstreamSignIn, type UpstreamPorts, type UpstreamSettings } from '../oauth/upstream.ts'
import { CONSOLE_CLIENT } from '../oauth/clients.ts'
import { createOAuthHandler } from '../oauth/handler.ts'
import type { AccountPorts } from '../oauth/pages/account.ts'
import type { InteractionPorts } from '../oauth/pages/interaction.ts'
import { changePassword } from '../operations/sign-in/change-password.ts'
import type { KeyEncryption } from '../operations/ports/keys.ts'
import {
  findSignInLink,
  recordSignInByLink,
  setPasswordByLink,
  type SignInLinkPorts,
} from '../operations/sign-in/sign-in-links.ts'
import { signIn } from '../operations/sign-in/sign-in.ts'
import type { SessionPorts as SignInSessionPorts } from '../operations/sign-in/manage-sign-in-sessions.ts'
import type { WorkspaceAddresses } from '../operations/workspaces/workspace-addresses.ts'
import { verifyClientSecret } from '../operations/credentials/verify-client-secret.ts'
import { generateSignInLink, matchesAnySecret } from '../tokens/secret.ts'
import { verifyWorkspaceToken } from '../tokens/verify.ts'
import type { Foundation } from './foundation.ts'

/** Wrong device codes from one address within fifteen minutes. */
const deviceCodeLimits = (address: string) => [
  { key: `device codes ${clientNetwork(address)}`, failures: 20, windowSeconds: 15 * 60 },
]

export interface HttpProxySettings {
  /** CIDR ranges of proxies whose X-Forwarded-For header is believed. */
  readonly httpProxies: readonly string[]
}

export interface OAuthServerSettings {
  readonly allowPrivateProviders: boolean
  readonly upstream: UpstreamSettings | undefined
}

/** What every way of signing in needs. */
type SignInPorts = SignInLinkPorts &
  SignInSessionPorts &
  Parameters<typeof signIn>[0] & { readonly loadWorkspace: WorkspaceAddresses['loadWorkspace'] }

interface SignInParts {
  readonly signInPorts: SignInPorts
  /** An active user or service principal that is in the workspace at this moment. */
  readonly findInWorkspace: (id: string, workspaceId: WorkspaceId) => Promise<Principal | undefined>
}

export function buildOAuth(
  foundation: Foundation,
  accountId: AccountId,
  settings: OAuthServerSettings & HttpProxySettings & { readonly consoleSecretHash: Uint8Array },
) {
  const { clock, log, audit, stores, signingKeys, addresses, encryption } = foundation
  const hasher = createPasswordHasher()
  const proxies = createBalancers(settings.httpProxies)
  const signInPorts: SignInPorts = {
    identities: stores.identities,
    directory: stores.directory,
    passwords: stores.passwords,
    hasher,
    brake: stores.signInBrake,
    oauthRecords: stores.oauthRecords,
    audit,
    clock,
    accountId,
    nobodysHash: hasher.hash(new Redacted(randomBytes(16).toString('hex'))),
    generate: () => generateSignInLink(randomBytes),
    loadWorkspace: addresses.loadWorkspace,
  }

  const foreignTokens = createForeignTokenVerifier(clock, { allowPrivate: settings.allowPrivateProviders })
  const findInWorkspace = async (id: string, workspaceId: WorkspaceId): Promise<Principal | undefined> => {
    const identityId = parseIdentityId(id)
    if (identityId === undefined) return undefined
    const principal = await stores.directory.loadPrincipal(identityId)
    if (!principal?.active) return undefined
    const { permission } = await stores.directory.loadAssignment(identityId, workspaceId)
    return permission === undefined ? undefined : principal
  }
  const verifySecret = async (clientId: string, secret: string): Promise<boolean> => {
    if (clientId === CONSOLE_CLIENT) return matchesAnySecret(secret, [settings.consoleSecretHash])
    const registered = await stores.oauthClients.findOAuthClient(clientId)
    if (registered?.secretHash !== undefined) return matchesAnySecret(secret, [registered.secretHash])
    return (await verifyClientSecret({ secrets: stores.secrets, clock }, clientId, secret)) !== undefined
  }

  const handle = createOAuthHandler(
    {
      privateJwks: () => signingKeys.privateJwks(),
      verifyClientSecret: verifySecret,
      findInWorkspace,
      async findServicePrincipal(applicationId, workspaceId) {
        const principal = (await stores.secrets.loadClient(applicationId, clock()))?.principal
        return principal === undefined ? undefined : findInWorkspace(principal.id, workspaceId)
      },
      findRegisteredClient: (clientId) => stores.oauthClients.findOAuthClient(clientId),
      records: stores.oauthRecords,
      clock,
      log,
      cookieKey: Buffer.from(encryption.deriveSecret('cookies of the OAuth server').reveal()).toString('hex'),
      exchange: (request) =>
        exchangeToken(
          {
            policies: stores.federationPolicies,
            foreignTokens,
            personalAccessTokens: stores.personalAccessTokens,
            directory: stores.directory,
            keys: signingKeys,
            audit,
            clock,
            accountId,
            randomUuid: randomUUID,
          },
          request,
        ),
      areDeviceCodesClosed: (address) => stores.signInBrake.isClosed(deviceCodeLimits(address), clock()),
      abandonAnswer: (response) => {
        abandonAnswer(response, closeConnection)
      },
      countWrongDeviceCode: (address) => stores.signInBrake.countFailure(deviceCodeLimits(address), clock()),
      interactions: interactionPortsOf(foundation, accountId, settings.upstream, {
        signInPorts,
        findInWorkspace,
      }),
      account: accountPortsOf(foundation, { signInPorts, findInWorkspace }),
      tokenQuestions: {
        verifySecret,
        async readToken(token, workspaceId) {
          const verified = await verifyWorkspaceToken(token, workspaceId, {
            issuerOf: addresses.issuerOf,
            keys: signingKeys,
            now: clock(),
          })
          if ('rejected' in verified) return undefined
          const holder = await findInWorkspace(verified.identityId, workspaceId)
          return holder === undefined ? undefined : { token: verified, holder }
        },
      },
    },
    {
      accountId,
      workspaceAt: addresses.workspaceAt,
      publicUrlOf: addresses.publicUrlOf,
      isProxy: proxies.includes,
    },
  )
  return { handle, signInPorts }
}

/** What the pages need while somebody signs in. */
const interactionPortsOf = (
  foundation: Foundation,
  accountId: AccountId,
  upstream: UpstreamSettings | undefined,
  { signInPorts, findInWorkspace }: SignInParts,
): InteractionPorts => {
  const { stores, audit, clock, encryption } = foundation
  return {
    signIn: (request) => signIn(signInPorts, request),
    knownBrowsers: { ...createSeal(encryption), randomUuid: randomUUID },
    findPrincipal: (id) => stores.directory.loadPrincipal(id),
    findLink: (token) => findSignInLink(signInPorts, token),
    setPassword: (token, password) => setPasswordByLink(signInPorts, token, password),
    async signInByLink(userId, { workspaceId, clientAddress }) {
      const user = await findInWorkspace(userId, workspaceId)
      if (user !== undefined) recordSignInByLink(audit, user, { workspaceId, clientAddress })
      return user
    },
    upstream:
      upstream === undefined
        ? undefined
        : createUpstreamSignIn(upstream, upstreamPorts(foundation, accountId, findInWorkspace)),
    clock,
  }
}

/** What the account page of a signed-in person needs. */
const accountPortsOf = (
  { stores, clock }: Foundation,
  { signInPorts, findInWorkspace }: SignInParts,
): AccountPorts => ({
  findInWorkspace,
  listSessions: (id) => stores.oauthRecords.listSessions(id, clock()),
  endSession: (id, sessionId) => stores.oauthRecords.endSession(id, sessionId),
  endOtherSessions: (id, sessionUid) => stores.oauthRecords.endOthersOf(id, sessionUid),
  hasPassword: async (id) => (await stores.passwords.loadPasswordHash(id)) !== undefined,
  changePassword: (change) => changePassword(signInPorts, change),
})

function upstreamPorts(
  { stores, audit, encryption }: Foundation,
  accountId: AccountId,
  findInWorkspace: (id: string, workspaceId: WorkspaceId) => Promise<Principal | undefined>,
): UpstreamPorts {
  return {
    async findUser(userName, workspaceId) {
      const user = await stores.identities.findRecordByName(accountId, 'USER', userName)
      return user === undefined ? undefined : findInWorkspace(user.id, workspaceId as WorkspaceId)
    },
    record({ outcome, reason, principal, userName, clientAddress }) {
      audit.record({
        event: 'sign_in',
        outcome,
        clientAddress,
        ...(reason === undefined ? {} : { reason: 'upstream_refused', detail: reason }),
        ...(principal === undefined ? {} : { identityId: principal.id, identityName: principal.name }),
        ...(userName === undefined ? {} : { identityName: userName.slice(0, 256) }),
      })
    },
    ...createSeal(encryption),
  }
}

/** Encrypts and authenticates what a browser keeps, such as cookies: nobody else can read or forge it. */
export function createSeal(encryption: KeyEncryption) {
  return {
    seal: (text: string) => Buffer.from(encryption.encrypt(Buffer.from(text))).toString('base64url'),
    unseal(text: string): string | undefined {
      try {
        return Buffer.from(encryption.decrypt(Buffer.from(text, 'base64url'))).toString('utf8')
      } catch (error) {
        // Not sealed by us, or sealed with another key: treated as absent.
        if (error instanceof Fault) return undefined
        throw error
      }
    },
  }
}
