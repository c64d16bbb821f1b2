/** Texts of the pages of settings. */
export const settings = {}
