/** The pages of Identity and access. */
import { directoryRoutes } from './directory-routes.ts'

export const identityRoutes = directoryRoutes('/identity')
