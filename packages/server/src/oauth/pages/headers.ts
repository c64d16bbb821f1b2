/** Headers that keep other sites out of the pages of signing in (attack 33). */

/** For the pages here and for those that the OAuth library renders with ours. */
export function pageHeaders(formTarget?: string): Record<string, string> {
  const target = formTarget === undefined || !URL.canParse(formTarget) ? '' : ` ${new URL(formTarget).origin}`
  return {
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'${target}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    // Not `no-referrer`, which would take the Origin from our own forms.
    'referrer-policy': 'same-origin',
  }
}
