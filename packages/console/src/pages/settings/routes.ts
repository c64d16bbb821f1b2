/** The pages of settings. */
export const settingsRoutes = [] as const
