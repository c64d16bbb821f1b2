/** The routes of the server, to be compared with the operations of the contract: only listed, never answered. */
import { publicRoutesOf, routesOf } from '../../../src/composition/routes.ts'
import type { Route } from '../../../src/http/route.ts'
import type { DeclaredOperation } from './read-services.ts'

const ACCOUNT = '{account_id}'

/** In the place of everything that the routes would ask. */
const nothingBehind: never = new Proxy(() => undefined, {
  get: (_target, name): unknown => (name === 'accountId' ? ACCOUNT : nothingBehind),
  apply: () => nothingBehind,
}) as never

export interface ServedRoute {
  readonly path: string
  readonly shape: string
  /** Undefined for a route that anybody may call. */
  readonly route: Route | undefined
}

/** Method and path without the names of parameters, which the server is free to choose. */
export const shapeOf = ({ method, path }: { readonly method: string; readonly path: string }): string =>
  `${method} ${path
    .replaceAll(ACCOUNT, '<account>')
    .replace(/(?<=\/):\w+|\*/g, '<>')
    .replaceAll('::', ':')
    .replace(/\{\w+\}/g, '<>')}`

export const SERVED: readonly ServedRoute[] = [
  ...publicRoutesOf(nothingBehind, ACCOUNT as never, nothingBehind).map((one) => ({
    path: one.path,
    shape: shapeOf(one),
    route: undefined,
  })),
  ...routesOf(nothingBehind).map((route) => ({ path: route.path, shape: shapeOf(route), route })),
]

export const routeOf = (operation: DeclaredOperation): Route | undefined =>
  SERVED.find(({ shape }) => shape === shapeOf(operation))?.route
