/** Whether a browser can be opened on this machine, and opening it. */
import { spawn } from 'node:child_process'

export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
}

/**
 * How a login goes: `open` opens the browser, `show` prints the address for a person to open it (BROWSER=none, as in the
 * databricks CLI), and `none` means that no browser of this machine is in front of the person.
 */
export function browserOf({ environment, platform }: Machine): 'open' | 'show' | 'none' {
  const chosen = environment['BROWSER']
  if (chosen === 'none') return 'show'
  if (chosen !== undefined && chosen !== '') return 'open'
  const isRemote = ['SSH_CONNECTION', 'SSH_TTY'].some((name) => (environment[name] ?? '') !== '')
  if (platform === 'darwin' || platform === 'win32') return isRemote ? 'none' : 'open'
  const hasDisplay = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (environment[name] ?? '') !== '')
  return hasDisplay ? 'open' : 'none'
}

/** @returns whether a program to open it was started; what that does afterwards, nobody knows */
export async function openBrowser(url: string, { environment, platform }: Machine): Promise<boolean> {
  const [program, ...words] = commandOf(url, environment['BROWSER'], platform)
  if (program === undefined) return false
  const child = spawn(program, words, { stdio: 'ignore', detached: true })
  return new Promise((resolve) => {
    child.once('error', () => {
      resolve(false)
    })
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}

function commandOf(url: string, chosen: string | undefined, platform: NodeJS.Platform): readonly string[] {
  if (chosen !== undefined && chosen !== '') return [chosen, url]
  if (platform === 'darwin') return ['open', url]
  // `start` of the command interpreter would take the & of the address for its own.
  return platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler', url] : ['xdg-open', url]
}
