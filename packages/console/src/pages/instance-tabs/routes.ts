/** The tabs of an instance besides overview and permissions. */
export const instanceTabRoutes = [] as const
