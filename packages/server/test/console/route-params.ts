/**
 * What stands in the addresses of the console, so that tests visit every page. The routes come from the console itself; one
 * with a parameter needs an entry here, and the tests fail where it has none.
 */
import type { ScimGroup, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import type { Page } from 'playwright-core'
import type { Lakegate } from '../stage/lakegate.ts'

/** By the route up to its parameter; what lies below it has the same one. */
export type RouteParams = Readonly<Record<string, string>>

const SCIM = '/api/2.0/preview/scim/v2'

/** Makes one thing of each kind that has a page or a list, with the longest texts that it may have. */
export async function makeRouteParams({ admin, ready }: Lakegate): Promise<RouteParams> {
  const suffix = String(Date.now())
  const long = 'n'.repeat(75)
  const [user, group, principal] = await Promise.all([
    admin.request<ScimUser>('POST', `${SCIM}/Users`, {
      userName: `routes-${suffix}-${long}@example.com`,
      displayName: `Routes <b>${long}</b>`,
    }),
    admin.request<ScimGroup>('POST', `${SCIM}/Groups`, { displayName: `routes-${suffix}-${'g'.repeat(40)}` }),
    admin.request<ScimServicePrincipal>('POST', `${SCIM}/ServicePrincipals`, {
      displayName: `routes ${suffix} ${long}`,
    }),
    admin.request('POST', `/api/2.0/accounts/${ready.account_id}/oauth2/custom-app-integrations`, {
      name: `routes ${suffix} ${long}`,
      redirect_urls: [`https://app.example.com/${long}`, `https://app.example.com/${long}/second`],
      confidential: true,
    }),
  ])
  await admin.request('PATCH', `${SCIM}/Groups/${group.id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'add', path: 'members', value: [{ value: user.id }, { value: principal.id }] }],
  })
  return {
    '/compute/instances/$name': ready.instance.name,
    '/help/refusals/$name': 'not_a_member',
    '/identity/users/$id': user.id,
    '/identity/groups/$id': group.id,
    '/identity/service-principals/$id': principal.id,
    '/account/users/$id': user.id,
    '/account/groups/$id': group.id,
    '/account/service-principals/$id': principal.id,
    '/account/workspaces/$id': ready.workspace_id,
  }
}

/**
 * @param page with the console in it, whose router knows all routes
 * @returns the address of every page, below /console
 */
export async function listRoutes(page: Page, params: RouteParams): Promise<readonly string[]> {
  // What has no component leads elsewhere; a frame and its first page have one address.
  const paths = await page.evaluate<string[]>(
    `Object.entries(self.__TSR_ROUTER__.routesByPath)
      .filter(([, { options }]) => options.component !== undefined)
      .map(([path]) => path)`,
  )
  const pages = paths.map((path) => path.replace(/\/$/, '')).filter((path) => path !== '')
  return [...new Set(pages)].map((path) => fillIn(path, params))
}

function fillIn(path: string, params: RouteParams): string {
  if (!path.includes('$')) return path
  const [prefix = ''] = /^.*?\$[^/]+/.exec(path) ?? []
  const value = params[prefix]
  if (value === undefined || path.slice(prefix.length).includes('$'))
    throw new Error(`route-params.ts has nothing for the route ${path}`)
  return path.replace(/\$[^/]+/, () => encodeURIComponent(value))
}
