/** The pages of account. */
export const accountRoutes = [] as const
