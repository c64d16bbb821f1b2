/** The pages of audit. */
export const auditRoutes = [] as const
