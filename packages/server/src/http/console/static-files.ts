/** Serves a file of the console: compressed if the browser accepts that, and with 304 if it has the file already. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConsoleFile, Encoding } from './build.ts'
import { CONSOLE_HEADERS } from './headers.ts'

/** The content behind a name that contains a hash never changes. */
const FOREVER = 'public, max-age=31536000, immutable'
/** Cached, but revalidated before each use: after an update the old page would request assets that no longer exist. */
const ASK_FIRST = 'no-cache'

export function sendFile(
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  file: ConsoleFile,
  { isHashed }: { readonly isHashed: boolean },
): void {
  const encoding = chooseEncoding(request.headers['accept-encoding'], file)
  const body = file.bodies[encoding]
  if (body === undefined) throw new Error('a file of the console without a body')
  const headers = {
    ...CONSOLE_HEADERS,
    'cache-control': isHashed ? FOREVER : ASK_FIRST,
    etag: body.tag,
    vary: 'accept-encoding',
  }
  if (isKnown(request.headers['if-none-match'], body.tag)) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  response.writeHead(200, {
    ...headers,
    'content-type': file.type,
    'content-length': body.bytes.length,
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
  })
  response.end(request.method === 'HEAD' ? undefined : body.bytes)
}

/** RFC 9110 §12.5.3, as far as needed here: the smallest existing encoding that the client does not refuse. */
function chooseEncoding(header: string | string[] | undefined, { bodies }: ConsoleFile): Encoding {
  const accepted = new Map(
    [header ?? []]
      .flat()
      .join(',')
      .toLowerCase()
      .split(',')
      .map((part) => {
        const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
        const weight = parameters.find((text) => text.startsWith('q='))?.slice(2)
        return [name, weight === undefined ? 1 : Number(weight)] as const
      }),
  )
  const isAccepted = (name: string) => (accepted.get(name) ?? accepted.get('*') ?? 0) > 0
  return (
    (['br', 'gzip'] as const).find((name) => bodies[name] !== undefined && isAccepted(name)) ?? 'identity'
  )
}

/** RFC 9110 §13.1.2: weak comparison. */
const isKnown = (header: string | undefined, tag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((known) => known.trim().replace(/^W\//, '') === tag))
