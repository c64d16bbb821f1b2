/** Texts of the pages of instance. */
export const instance = {}
