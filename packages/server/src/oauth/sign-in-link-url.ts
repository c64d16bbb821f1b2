/** Where a sign-in link leads; also for who makes one without the OAuth server. */
export const OAUTH_PREFIX = '/oidc'
export const PASSWORD_PATH = '/password'

export const signInLinkUrl = (publicUrl: string, token: string): string =>
  `${publicUrl}${OAUTH_PREFIX}${PASSWORD_PATH}/${token}`
