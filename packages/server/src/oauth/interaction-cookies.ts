/**
 * The cookies that tie a sign-in to the browser that began it. The OAuth library uses one name for them and
 * distinguishes sign-ins by the cookies' paths. A `__Host-` cookie must have the path `/`, and the callback of an
 * outside provider is below none of the library's paths. So here the uid of the sign-in is part of the cookie's name,
 * and the library is shown its own name.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { attributesOf, cookieNameOf, cookiePathOf } from './cookies.ts'

/** Our name, and the name that the library uses. */
const NAMES = [
  ['interaction', '_interaction'],
  ['resume', '_interaction_resume'],
] as const
/** The library signs each cookie with a second one. */
const SUFFIXES = ['', '.sig'] as const
const OF_THE_LIBRARY = /^(_interaction(?:_resume)?)(\.sig)?=([^;]*)(.*)$/
/** Paths at which the library, and our pages, handle one sign-in. */
const ABOUT_ONE = /^\/(?:interaction|v1\/authorize|device)\/([\w-]+)(?:\/|$)/
/** How many unfinished sign-ins one browser may have; more would exceed the 16 KiB that Node accepts for headers. */
const MOST_OPEN = 8

/**
 * Shows the library the cookies of the sign-in to which the path belongs, and no others; renames the cookies that the
 * library sets.
 * @param path below `/oidc`
 */
export function carryInteractionCookies(
  { request, response, publicUrl }: Carrier & { readonly response: ServerResponse },
  path: string,
): void {
  showInteraction({ request, publicUrl }, ABOUT_ONE.exec(path)?.[1])
  const open = openInteractions({ request, publicUrl })
  const writeHead = response.writeHead.bind(response) as (...words: unknown[]) => ServerResponse
  response.writeHead = (...words: unknown[]) => {
    const lines = [response.getHeader('set-cookie') ?? []].flat().map(String)
    if (lines.length > 0) response.setHeader('set-cookie', nameAll(lines, open, publicUrl))
    return writeHead(...words)
  }
}

interface Carrier {
  readonly request: IncomingMessage
  readonly publicUrl: string
}

/** @param uid of the sign-in whose cookies the library sees from here on; undefined: none */
export function showInteraction({ request, publicUrl }: Carrier, uid: string | undefined): void {
  const pairs = pairsOf(request)
  const shown =
    uid === undefined
      ? []
      : NAMES.flatMap(([own, library]) =>
          SUFFIXES.flatMap((suffix) => {
            const found = pairs.find(
              ([name]) => name === `${cookieNameOf(publicUrl, `${own}-${uid}`)}${suffix}`,
            )
            return found === undefined ? [] : [`${library}${suffix}=${found[1]}`]
          }),
        )
  // We set nothing under the library's own names: such a cookie was set by somebody else.
  const others = pairs.flatMap(([name, value]) =>
    NAMES.some(([, library]) => SUFFIXES.some((suffix) => name === `${library}${suffix}`))
      ? []
      : [`${name}=${value}`],
  )
  request.headers.cookie = [...shown, ...others].join('; ')
}

function pairsOf({ headers }: IncomingMessage): (readonly [name: string, value: string])[] {
  return (headers.cookie ?? '').split(';').flatMap((part) => {
    const pair = part.trim()
    const separator = pair.indexOf('=')
    return separator < 1 ? [] : [[pair.slice(0, separator), pair.slice(separator + 1)] as const]
  })
}

/** The oldest first, the order in which browsers send them (RFC 6265 §5.4). */
function openInteractions({ request, publicUrl }: Carrier): readonly string[] {
  const beginning = cookieNameOf(publicUrl, 'interaction-')
  return pairsOf(request).flatMap(([name]) =>
    name.startsWith(beginning) && !name.endsWith('.sig') ? [name.slice(beginning.length)] : [],
  )
}

function nameAll(lines: readonly string[], open: readonly string[], publicUrl: string): string[] {
  const begun = new Set<string>()
  const ended = new Set<string>()
  const named = lines.map((line) => {
    const [, library, suffix = '', value = '', attributes = ''] = OF_THE_LIBRARY.exec(line) ?? []
    const uid = /; path=[^;]*\/([\w-]+)(?:;|$)/i.exec(attributes)?.[1]
    const own = NAMES.find((names) => names[1] === library)?.[0]
    if (own === undefined || uid === undefined) return line
    ;(value === '' ? ended : begun).add(uid)
    const forAllPaths = attributes.replace(/; path=[^;]*/i, `; path=${cookiePathOf(publicUrl)}`)
    return `${cookieNameOf(publicUrl, `${own}-${uid}`)}${suffix}=${value}${forAllPaths}`
  })
  const tooMany = begun.size === 0 ? [] : open.slice(0, Math.max(0, open.length + 1 - MOST_OPEN))
  return [...named, ...[...ended, ...tooMany].flatMap((uid) => removalsOf(uid, publicUrl))]
}

const removalsOf = (uid: string, publicUrl: string): string[] =>
  NAMES.flatMap(([own]) =>
    SUFFIXES.map(
      (suffix) => `${cookieNameOf(publicUrl, `${own}-${uid}`)}${suffix}=${attributesOf(publicUrl, 0)}`,
    ),
  )
