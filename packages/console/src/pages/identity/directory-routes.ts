/** The pages of a directory, below `/identity` for the workspace and below `/account` for all of it. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root-route.tsx'
import { searchFields, text } from '../../kit/search-fields.ts'

export function directoryRoutes(subject: '/identity' | '/account') {
  const list = (folder: string, name: 'UsersPage' | 'ServicePrincipalsPage' | 'GroupsPage') =>
    createRoute({
      getParentRoute: () => shellRoute,
      path: `${subject}/${folder}`,
      validateSearch: searchFields({ filter: text }),
      component: lazyRouteComponent(() => import('./list-page.tsx'), name),
    })
  return [
    list('users', 'UsersPage'),
    list('service-principals', 'ServicePrincipalsPage'),
    list('groups', 'GroupsPage'),
    createRoute({
      getParentRoute: () => shellRoute,
      path: `${subject}/users/$id`,
      component: lazyRouteComponent(() => import('./user-page.tsx'), 'UserPage'),
    }),
    createRoute({
      getParentRoute: () => shellRoute,
      path: `${subject}/service-principals/$id`,
      component: lazyRouteComponent(() => import('./service-principal-page.tsx'), 'ServicePrincipalPage'),
    }),
    createRoute({
      getParentRoute: () => shellRoute,
      path: `${subject}/groups/$id`,
      component: lazyRouteComponent(() => import('./group-page.tsx'), 'GroupPage'),
    }),
  ] as const
}
