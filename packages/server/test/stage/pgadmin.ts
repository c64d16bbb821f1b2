/**
 * pgAdmin 4 as a desktop, without its window: its server runs with settings and data of its own, servers are imported as its
 * users import them, and its pages are asked for what the tree shows.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { waitFor } from './wait-for.ts'

const run = promisify(execFile)
const KEY = 'key-of-the-window'
const START_LIMIT_MS = 200_000

/** Everything below the home directory; no dialogues, no look for new versions. */
const SETTINGS = `
import os
SERVER_MODE = False
DATA_DIR = os.environ["HOME"]
LOG_FILE = os.path.join(DATA_DIR, "pgadmin4.log")
SQLITE_PATH = os.path.join(DATA_DIR, "pgadmin4.db")
SESSION_DB_PATH = os.path.join(DATA_DIR, "sessions")
STORAGE_DIR = os.path.join(DATA_DIR, "storage")
AZURE_CREDENTIAL_CACHE_DIR = os.path.join(DATA_DIR, "azure")
KERBEROS_CCACHE_DIR = os.path.join(DATA_DIR, "kerberos")
MASTER_PASSWORD_REQUIRED = False
USE_OS_SECRET_STORAGE = False
UPGRADE_CHECK_ENABLED = False
`

export interface PgadminServer {
  readonly group: number
  readonly id: number
  readonly name: string
}

export interface Pgadmin {
  readonly servers: readonly PgadminServer[]
  /**
   * What a click on the server does.
   * @param password typed into pgAdmin's window; undefined: it is to know one by itself, or ask (428)
   */
  connect(server: PgadminServer, password?: string): Promise<{ status: number; text: string }>
  /** Labels of the nodes below a server. */
  nodes(server: PgadminServer, type: 'database' | 'role'): Promise<readonly string[]>
  stop(): Promise<void>
}

/** @param environment with PATH; @param serversFiles JSON, as for Import/Export Servers */
export async function startPgadmin(
  python: string,
  directory: string,
  environment: Readonly<Record<string, string>>,
  serversFiles: readonly string[],
): Promise<Pgadmin> {
  const home = path.join(directory, 'pgadmin')
  await mkdir(home)
  await writeFile(path.join(home, 'config_local.py'), SETTINGS)
  const { stdout } = await run(python, ['-c', 'import pgadmin4, os; print(list(pgadmin4.__path__)[0])'])
  const program = (file: string) => path.join(stdout.trim(), file)
  const port = await freePort()
  const env = {
    ...environment,
    HOME: home,
    PYTHONPATH: home,
    PGADMIN_SERVER_MODE: 'OFF',
    PGADMIN_INT_PORT: String(port),
    PGADMIN_INT_KEY: KEY,
  }
  await run(python, [program('setup.py'), 'setup-db'], { env })
  for (const [index, text] of serversFiles.entries()) {
    const file = path.join(home, `servers-${String(index)}.json`)
    await writeFile(file, text)
    await run(python, [program('setup.py'), 'load-servers', file], { env })
  }
  const child = spawn(python, [program('pgAdmin4.py')], { env, stdio: 'ignore' })
  const url = `http://127.0.0.1:${String(port)}`
  const ping = () =>
    fetch(`${url}/misc/ping?key=${KEY}`).then(
      ({ ok }) => ok,
      () => false,
    )
  const stop = async () => {
    const exited = once(child, 'exit')
    if (child.exitCode === null && child.kill('SIGTERM')) await exited
  }
  try {
    await waitFor('pgAdmin to answer', ping, START_LIMIT_MS)
    const window = await openWindow(url)
    return { ...commandsOf(window), servers: await listServers(window), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const commandsOf = (window: Window): Pick<Pgadmin, 'connect' | 'nodes'> => ({
  async connect({ group, id }, password) {
    const form = new URLSearchParams(password === undefined ? {} : { password })
    const response = await window(`/browser/server/connect/${String(group)}/${String(id)}`, form)
    return { status: response.status, text: await response.text() }
  },
  async nodes({ group, id }, type) {
    const response = await window(`/browser/${type}/nodes/${String(group)}/${String(id)}/`)
    return ((await response.json()) as { data: readonly TreeNode[] }).data.map(({ label }) => label)
  },
})

type Window = (page: string, form?: URLSearchParams) => Promise<Response>

/** With the cookies and the token against forged requests that the window has. */
async function openWindow(url: string): Promise<Window> {
  const cookies = new Map<string, string>()
  const ask = async (page: string, options: RequestInit = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(options.headers as Record<string, string> | undefined), cookie }
    const response = await fetch(url + page, { ...options, headers, redirect: 'manual' })
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    return response
  }
  await ask(`/?key=${KEY}`)
  const utilities = await (await ask('/browser/js/utils.js')).text()
  const [, token] = /\['csrf_token'\] = '([^']+)'/.exec(utilities) ?? []
  if (token === undefined) throw new Error(`pgAdmin gave no token: ${utilities.slice(0, 200)}`)
  const headers = { 'x-pga-csrftoken': token }
  return (page, form) => ask(page, form === undefined ? { headers } : { method: 'POST', headers, body: form })
}

interface TreeNode {
  readonly _id: string
  readonly label: string
}

async function listServers(window: Window): Promise<readonly PgadminServer[]> {
  const nodes = async (page: string) =>
    ((await (await window(page)).json()) as { data: readonly TreeNode[] }).data
  const groups = await nodes('/browser/server_group/nodes/')
  const servers = await Promise.all(
    groups.map(async ({ _id: group }) =>
      (await nodes(`/browser/server_group/children/${group}`)).map(({ _id: id, label: name }) => ({
        group: Number(group),
        id: Number(id),
        name,
      })),
    ),
  )
  return servers.flat()
}
