/**
 * `/`: the entry page for browsers. `databricks auth login` without `--host` sends the browser here with the
 * authorization request in `destination_url` (wire-contract §3.6, DATABRICKS_DISCOVERY_HOST); without it, a person is
 * sent to the console.
 */
import type { PublicRoute } from '../route.ts'

const AUTHORIZATION_PATH = '/oidc/v1/authorize'
const CONSOLE_PATH = '/console'

export const frontDoorRoutes = (): readonly PublicRoute[] => [
  {
    method: 'GET',
    path: '/',
    answer: (_workspace, query) =>
      Promise.resolve({
        status: 302,
        headers: { location: destinationOf(query['destination_url']) },
        body: undefined,
      }),
  },
]

/**
 * Only one destination is possible, and only its parameters are taken over, so this is no open redirect (attack 32).
 */
function destinationOf(asked: unknown): string {
  if (typeof asked !== 'string' || !asked.startsWith(`${AUTHORIZATION_PATH}?`)) return CONSOLE_PATH
  const parameters = new URLSearchParams(asked.slice(AUTHORIZATION_PATH.length + 1))
  return `${AUTHORIZATION_PATH}?${parameters.toString()}`
}
