/**
 * One sign-in that the OAuth library has begun: its steps, and how the library continues. Its interaction cookie ties
 * every page to the browser that began it.
 */
import type { InteractionResults, Provider } from 'oidc-provider'
import type { Principal } from '../../domain/identity.ts'
import type { IdentityId } from '../../domain/ids.ts'
import type { Redacted } from '../../domain/redacted.ts'
import type { Workspace } from '../../domain/workspace.ts'
import type { KnownBrowserPorts } from '../known-browsers.ts'
import type { UpstreamSignIn } from '../upstream.ts'
import { redirect, type Visit } from './answer.ts'

export interface InteractionPorts {
  readonly signIn: (request: {
    readonly userName: string
    readonly password: Redacted<string>
    readonly clientAddress: string
    readonly workspaceId: Workspace['id']
    readonly knownBrowser: string | undefined
  }) => Promise<Principal>
  readonly knownBrowsers: KnownBrowserPorts
  readonly findPrincipal: (id: IdentityId) => Promise<Principal | undefined>
  readonly findLink: (
    token: string,
  ) => Promise<{ readonly id: IdentityId; readonly name: string } | undefined>
  readonly setPassword: (token: string, password: Redacted<string>) => Promise<{ readonly name: string }>
  /** A user who has just set a password by a link, if the user may sign in here; recorded as a sign-in. */
  readonly signInByLink: (userId: IdentityId, where: SignInPlace) => Promise<Principal | undefined>
  readonly upstream: UpstreamSignIn | undefined
  readonly clock: () => Date
}

export interface SignInPlace {
  readonly workspaceId: Workspace['id']
  readonly clientAddress: string
}

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** What the pages of a step show and where they lead. */
export interface Steps {
  readonly base: string
  readonly applicationName: string
  readonly redirectUrl: string | undefined
}

/** Lets the library continue, with a new session identifier, whatever was there before (attack 33). */
export async function finishSignIn(
  visit: Visit,
  interaction: Interaction,
  login: { readonly accountId: string; readonly amr: string[] },
  now: Date,
): Promise<void> {
  const { session } = interaction
  if (session?.accountId !== undefined && session.accountId !== login.accountId) {
    // The browser has the session of another user: it is ended. The library would ask first, with a page that needs a
    // script.
    await (await visit.provider.Session.findByUid(session.uid))?.destroy()
    interaction.session = undefined
  }
  interaction.result = { login }
  await interaction.save(interaction.exp - Math.floor(now.getTime() / 1000))
  redirect(visit, interaction.returnTo)
}

export async function finish(
  { provider, request, response }: Visit,
  result: InteractionResults,
): Promise<void> {
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
