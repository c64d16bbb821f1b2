/** Headers of everything below `/console` that is no answer of the API: one static policy, no nonce. */

/** No script and no style but our files, no string that becomes markup (Trusted Types), no frame around it. */
const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'none'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

export const CONSOLE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONSOLE_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'clipboard-write=(self)',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  // For what is too old for `frame-ancestors`.
  'x-frame-options': 'DENY',
}
