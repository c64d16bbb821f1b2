/** The outside provider through which people may sign in, as the settings describe it. */
import { readFile } from 'node:fs/promises'
import type { LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { Redacted } from '../domain/redacted.ts'
import type { OAuthServerSettings } from './oauth.ts'

/** @throws Fault configuration_invalid when its file holds no secret */
export async function loadSignInProvider(settings: LoadedSettings): Promise<OAuthServerSettings> {
  const allowPrivateProviders = settings['private-identity-providers'].value === 'allow'
  const issuer = settings['sign-in-provider-issuer'].value
  const clientId = settings['sign-in-provider-client-id'].value
  const secretFile = settings['sign-in-provider-client-secret-file'].value
  // All of them are set, or none (config/check-together.ts).
  if (issuer === undefined || clientId === undefined || secretFile === undefined)
    return { allowPrivateProviders, upstream: undefined }
  return {
    allowPrivateProviders,
    upstream: {
      issuer,
      clientId,
      clientSecret: new Redacted(await readSecret(secretFile)),
      name: settings['sign-in-provider-name'].value,
      userNameClaim: settings['sign-in-provider-user-claim'].value,
      allowPlainHttp: allowPrivateProviders,
    },
  }
}

/** @throws Fault configuration_invalid */
async function readSecret(file: string): Promise<string> {
  let secret: string
  try {
    secret = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw unusable(file, 'cannot be read', cause)
  }
  if (secret === '') throw unusable(file, 'is empty', undefined)
  return secret
}

const unusable = (file: string, problem: string, cause: unknown): Fault =>
  new Fault({
    code: 'configuration_invalid',
    origin: 'configuration',
    message: `The file of sign-in-provider-client-secret-file, ${file}, ${problem}.`,
    nextStep: 'Name a file that Lakegate may read and that holds the secret alone.',
    cause,
  })
