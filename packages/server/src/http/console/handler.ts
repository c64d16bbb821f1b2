/**
 * Everything below `/console` except its API: the app and its files, signing in, and the few pages that work without
 * the app.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Workspace } from '../../domain/workspace.ts'
import type { LoadConsoleBuild } from './build.ts'
import { destinationOf } from './destination.ts'
import { beginSignIn, finishSignIn, type SignInPorts } from './sign-in.ts'
import { sendFile } from './static-files.ts'
import { redirect, sendPage, type ConsolePages, type ConsoleVisit } from './visit.ts'

export interface ConsoleHandlerPorts {
  readonly workspaceAt: (hostHeader: string | undefined) => Promise<Workspace>
  readonly publicUrlOf: (workspace: Workspace) => string
  readonly loadBuild: LoadConsoleBuild
  readonly signIn: SignInPorts
  readonly pages: ConsolePages
  readonly log: { error(fields: object, message: string): void }
  /** Closes the connection of an answer that cannot be completed. */
  readonly abandonAnswer: (response: ServerResponse) => void
}

/** Paths of the same pages in the real service; the app maps what follows them (its vendor-routes.ts). */
const VENDOR_PREFIXES = ['/compute/database-instances', '/lakebase/provisioned']

/** The prefixes at which the handler is mounted. */
export const CONSOLE_PREFIXES: readonly string[] = ['/console', ...VENDOR_PREFIXES]

const isVendors = (path: string) =>
  VENDOR_PREFIXES.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))

const ASSETS = '/console/assets/'
const SIGNING_IN = ['/console/sign-in', '/console/callback']

export function createConsoleHandler(ports: ConsoleHandlerPorts): RequestListener {
  return (request, response) => {
    serve(request, response, ports).catch((error: unknown) => {
      // The URL is not logged: that of the callback contains a code.
      ports.log.error({ err: error }, 'the console cannot answer')
      if (response.headersSent) ports.abandonAnswer(response)
      else sendPage({ request, response }, 503, ports.pages.unavailable())
    })
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  ports: ConsoleHandlerPorts,
): Promise<void> {
  const { pages } = ports
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendPage({ request, response }, 405, pages.methodNotAllowed())
    return
  }
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
  // A HEAD request, as link previews send it, begins no sign-in and uses no code.
  if (request.method === 'HEAD' && SIGNING_IN.includes(path)) {
    sendPage({ request, response }, 405, pages.methodNotAllowed())
    return
  }
  const visit = { request, response, path, query: new URLSearchParams(query), pages }
  if (isVendors(path)) {
    redirect(visit, `/console${request.url ?? ''}`)
    return
  }
  switch (path) {
    case '/console/sign-in':
      await beginSignIn(await placed(visit, ports), ports.signIn)
      return
    case '/console/callback':
      await finishSignIn(await placed(visit, ports), ports.signIn)
      return
    case '/console/signed-out':
      sendPage(visit, 200, pages.signedOut())
      return
    case '/console/starting':
      // A request that reaches this handler comes after the start; until then the listener answers.
      redirect(visit, destinationOf(visit.query.get('destination')))
      return
    default:
      await serveFile(visit, ports)
  }
}

type Unplaced = Omit<ConsoleVisit, 'workspace' | 'publicUrl'>

async function placed(visit: Unplaced, ports: ConsoleHandlerPorts): Promise<ConsoleVisit> {
  const workspace = await ports.workspaceAt(visit.request.headers.host)
  return { ...visit, workspace, publicUrl: ports.publicUrlOf(workspace) }
}

async function serveFile(visit: Unplaced, { loadBuild, pages }: ConsoleHandlerPorts): Promise<void> {
  const build = await loadBuild()
  const app = build?.files.get('index.html')
  if (build === undefined || app === undefined) {
    sendPage(visit, 503, pages.notBuilt())
    return
  }
  const file = build.files.get(visit.path.slice('/console/'.length))
  if (file !== undefined) sendFile(visit, file, { isHashed: visit.path.startsWith(ASSETS) })
  // A missing asset belongs to another build: if the app were sent instead, it would be loaded as a script.
  else if (visit.path.startsWith(ASSETS)) sendPage(visit, 404, pages.notFound())
  // The app interprets the path.
  else sendFile(visit, app, { isHashed: false })
}
