/** Signing in with a browser, through an outside provider. */
import type { SettingDefinition } from './definition.ts'

export const SIGN_IN_SETTINGS = {
  'sign-in-provider-issuer': {
    kind: 'issuer',
    default: undefined,
    fallback: 'none: people sign in with a password',
    example: 'https://login.example.com',
    sentence: 'Issuer of an outside OpenID Connect provider through which people may sign in.',
  },
  'sign-in-provider-name': {
    kind: 'text',
    default: 'your organisation',
    sentence: 'What the sign-in page calls the outside provider.',
  },
  'sign-in-provider-client-id': {
    kind: 'text',
    default: undefined,
    fallback: 'none',
    example: 'lakegate',
    sentence: 'Client id of Lakegate at the outside provider.',
  },
  'sign-in-provider-client-secret-file': {
    kind: 'file',
    default: undefined,
    fallback: 'none',
    example: '/etc/lakegate/provider-secret',
    sentence: 'File with the client secret of Lakegate at the outside provider.',
  },
  'sign-in-provider-user-claim': {
    kind: 'text',
    default: 'email',
    sentence:
      'Claim of the outside provider that holds the user name; with email, only verified addresses are accepted.',
  },
  'private-identity-providers': {
    kind: 'choice',
    default: 'refuse',
    choices: ['refuse', 'allow'],
    sentence:
      'Whether outside identity providers may have private addresses and use plain HTTP; public addresses over TLS are always allowed.',
  },
} as const satisfies Record<string, SettingDefinition>
