/** The pages of sql. */
export const sqlRoutes = [] as const
