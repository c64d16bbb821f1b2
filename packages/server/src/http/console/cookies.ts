/**
 * The cookies of the console. Over TLS their names have the prefix `__Host-`, so that browsers accept them only from
 * this exact host (RFC 6265bis §4.1.3.2). The session cookie is `SameSite=Strict`: a request that another site leads
 * here comes without it, and the page then makes its own request.
 */

const SESSION_COOKIE = 'lakegate-console'
/**
 * The cookie of a sign-in in progress; its name contains the beginning of the state, so that tabs do not disturb one
 * another.
 */
const FLOW_COOKIE = 'lakegate-console-flow'
const FLOW_SECONDS = 15 * 60
/** Limit of unfinished sign-ins; more would exceed the header size that Node accepts. */
const MOST_FLOWS = 6
const STATE_CHARACTERS = 12

const isOverTls = (publicUrl: string): boolean => publicUrl.startsWith('https:')
const nameOf = (publicUrl: string, name: string): string => `${isOverTls(publicUrl) ? '__Host-' : ''}${name}`
const flowNameOf = (publicUrl: string, state: string): string =>
  nameOf(publicUrl, `${FLOW_COOKIE}-${state.slice(0, STATE_CHARACTERS).replace(/[^\w-]/g, '')}`)

function line(publicUrl: string, pair: string, sameSite: 'Strict' | 'Lax', lifetime: string): string {
  const place = isOverTls(publicUrl) ? 'Path=/; Secure' : 'Path=/console'
  return `${pair}; ${place}; HttpOnly; SameSite=${sameSite}${lifetime}`
}

/** Without a maximum age: it ends with the browser session, and the server ends its session in any case. */
export const sessionCookie = (publicUrl: string, value: string): string =>
  line(publicUrl, `${nameOf(publicUrl, SESSION_COOKIE)}=${value}`, 'Strict', '')

export const noSessionCookie = (publicUrl: string): string =>
  line(publicUrl, `${nameOf(publicUrl, SESSION_COOKIE)}=`, 'Strict', '; Max-Age=0')

/** Lax, because an outside provider leads back from another site. */
export function flowCookies(
  header: string | undefined,
  publicUrl: string,
  flow: { readonly state: string; readonly pending: string },
): readonly string[] {
  const beginning = nameOf(publicUrl, `${FLOW_COOKIE}-`)
  const open = pairsOf(header).flatMap(([name]) => (name.startsWith(beginning) ? [name] : []))
  const tooMany = open.slice(0, Math.max(0, open.length + 1 - MOST_FLOWS))
  return [
    line(
      publicUrl,
      `${flowNameOf(publicUrl, flow.state)}=${flow.pending}`,
      'Lax',
      `; Max-Age=${String(FLOW_SECONDS)}`,
    ),
    ...tooMany.map((name) => line(publicUrl, `${name}=`, 'Lax', '; Max-Age=0')),
  ]
}

export const noFlowCookie = (publicUrl: string, state: string): string =>
  line(publicUrl, `${flowNameOf(publicUrl, state)}=`, 'Lax', '; Max-Age=0')

export const readFlowCookie = (
  header: string | undefined,
  publicUrl: string,
  state: string,
): string | undefined => find(header, flowNameOf(publicUrl, state))

export const readSessionCookie = (header: string | undefined, publicUrl: string): string | undefined =>
  find(header, nameOf(publicUrl, SESSION_COOKIE))

function find(header: string | undefined, wanted: string): string | undefined {
  const found = pairsOf(header).filter(([name]) => name === wanted)
  // Two cookies of one name: another host below this domain has set one of them, and it is unknown which (RFC 6265
  // §4.2.2).
  return found.length === 1 ? found[0]?.[1] : undefined
}

function pairsOf(header: string | undefined): (readonly [name: string, value: string])[] {
  return (header ?? '').split(';').flatMap((part) => {
    const pair = part.trim()
    const separator = pair.indexOf('=')
    return separator < 1 ? [] : [[pair.slice(0, separator), pair.slice(separator + 1)] as const]
  })
}
