/** The pages of help. */
export const helpRoutes = [] as const
