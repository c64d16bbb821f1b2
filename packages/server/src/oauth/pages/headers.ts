/** Headers that keep other sites out of the pages of signing in (attack 33). */

/** For our own pages, and for those that the OAuth library renders with our templates. */
export function pageHeaders(formTarget?: string): Record<string, string> {
  const target = formTarget === undefined || !URL.canParse(formTarget) ? '' : ` ${new URL(formTarget).origin}`
  return {
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'${target}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // `no-referrer` would also remove the Origin header from our own forms.
    'referrer-policy': 'same-origin',
  }
}
