/** The pages of instance. */
export const instanceRoutes = [] as const
