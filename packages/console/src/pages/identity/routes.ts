/** The pages of identity. */
export const identityRoutes = [] as const
