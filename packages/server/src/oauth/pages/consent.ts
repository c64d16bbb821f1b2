/** Shows what an application asks for, and records that a person allows it. */
import type { InteractionResults, Provider } from 'oidc-provider'
import type { IdentityId } from '../../domain/ids.ts'
import { send, type Visit } from './answer.ts'
import { html, joined } from './html.ts'
import { finish, textOf, type Interaction, type InteractionPorts, type Steps } from './interaction.ts'
import { page } from './page.ts'

interface MissingScopes {
  readonly missingOIDCScope?: readonly string[]
  readonly missingOIDCClaims?: readonly string[]
  readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
}

export async function showConsent(
  visit: Visit,
  ports: InteractionPorts,
  interaction: Interaction,
  steps: Steps,
): Promise<void> {
  const principal = await ports.findPrincipal((interaction.session?.accountId ?? '') as IdentityId)
  if (principal === undefined) {
    await finish(visit, { error: 'access_denied', error_description: 'The user is deactivated or deleted.' })
    return
  }
  const missing = interaction.prompt.details as MissingScopes
  const scopes = [
    ...Object.values(missing.missingResourceScopes ?? {}).flat(),
    ...(missing.missingOIDCScope ?? []),
  ]
  // A native application needs consent every time, also for scopes that were granted before.
  const asked =
    scopes.length > 0 ? scopes : (textOf(interaction.params['scope']) ?? '').split(' ').filter(Boolean)
  send(
    visit,
    200,
    consentPage({
      action: `${steps.base}/consent`,
      cancelAction: `${steps.base}/cancel`,
      applicationName: steps.applicationName,
      redirectHost: steps.redirectUrl === undefined ? 'a device' : new URL(steps.redirectUrl).host,
      userName: principal.name,
      scopes: [...new Set(asked)],
    }),
    { formTarget: steps.redirectUrl },
  )
}

/** Grants exactly what was asked for and shown. */
export async function grant(provider: Provider, interaction: Interaction): Promise<InteractionResults> {
  const { grantId, params, session } = interaction
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const given =
    known ??
    new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) })
  const missing = interaction.prompt.details as MissingScopes
  if (missing.missingOIDCScope !== undefined) given.addOIDCScope(missing.missingOIDCScope.join(' '))
  if (missing.missingOIDCClaims !== undefined) given.addOIDCClaims([...missing.missingOIDCClaims])
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {}))
    given.addResourceScope(resource, scopes.join(' '))
  return { consent: { grantId: await given.save() } }
}

/** What a scope lets an application do, in words for people. */
const SCOPE_SENTENCES: Readonly<Record<string, string>> = {
  'all-apis': 'use every API of the workspace, and sign in to PostgreSQL, as you',
  postgres: 'sign in to PostgreSQL, and mint credentials for it, as you',
  offline_access: 'keep that access while you are away, until you end it',
  openid: 'know which user you are',
  email: 'know your e-mail address',
  profile: 'know your name',
}

export interface ConsentPage {
  readonly action: string
  readonly cancelAction: string
  readonly applicationName: string
  readonly redirectHost: string
  readonly userName: string
  readonly scopes: readonly string[]
}

export function consentPage(facts: ConsentPage): string {
  const scopes = facts.scopes.map((scope) => html`<li>${SCOPE_SENTENCES[scope] ?? scope}</li>`)
  return page(
    'Allow access?',
    html`<p>
        <strong>${facts.applicationName}</strong> at ${facts.redirectHost} asks for access. You are signed in
        as <strong>${facts.userName}</strong>.
      </p>
      <p>It wants to</p>
      <ul>
        ${joined(scopes)}
      </ul>
      <div class="choices">
        <form method="post" action="${facts.action}"><button>Allow</button></form>
        <form method="post" action="${facts.cancelAction}"><button class="second">Deny</button></form>
      </div>
      <p class="hint">
        Allow only what you have started yourself, just now. You can end it later in
        <a href="/oidc/account">your account</a>.
      </p>`,
  )
}
